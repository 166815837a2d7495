#!/usr/bin/env node
/**
 * Stands in for Prisma's native schema engine, which is a download that a closed network does not have: the same
 * JSON-RPC over stdio, answered by @prisma/schema-engine-wasm over @prisma/adapter-pg. prisma.config.ts points
 * PRISMA_SCHEMA_ENGINE_BINARY here, so `prisma generate`, `migrate dev`, `migrate diff` and `migrate deploy` work.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(import.meta.url);
const { PrismaPg } = require('@prisma/adapter-pg');
const { bindMigrationAwareSqlAdapterFactory } = require('@prisma/driver-adapter-utils');
const pg = require('pg');
const { parse: parseConnectionString } = require('pg-connection-string');

const JSON_RPC_APPLICATION_ERROR = 4466;
const OID_CHAR = 18;
const OID_TEXT = 25;

const invocation = readArguments(process.argv.slice(2));
if (invocation.command) await runCommand(invocation);
else serve(invocation);

function readArguments(argv) {
  const found = { url: '', command: '', datamodels: undefined };
  for (let index = 0; index < argv.length; index++) {
    if (argv[index] === '--datasource') found.url = JSON.parse(argv[++index]).url;
    else if (argv[index] === 'cli') found.command = argv[++index];
    else if (argv[index] === '--datamodels') found.datamodels = readDatamodels(argv[++index]);
  }
  return found;
}

/** Prisma passes either the path of the schema or JSON with its files. Returns [path, content] pairs. */
function readDatamodels(text) {
  if (!text.startsWith('{')) return [[text, readFileSync(text, 'utf8')]];
  return JSON.parse(text).files?.map((file) => [file.path, file.content]);
}

/** `cli create-database | drop-database | can-connect-to-database`. */
async function runCommand({ url, command }) {
  const target = new URL(url);
  const database = decodeURIComponent(target.pathname.slice(1)).replaceAll('"', '""');
  target.search = '';
  const administrative = command === 'create-database' || command === 'drop-database';
  if (administrative) target.pathname = '/postgres';
  const client = new pg.Client({ connectionString: target.href });
  try {
    await client.connect();
    if (administrative)
      await client.query(`${command === 'create-database' ? 'CREATE' : 'DROP'} DATABASE "${database}"`);
    else await client.query('SELECT 1');
  } catch (error) {
    const code = { '3D000': 'P1003', '28P01': 'P1000' }[error.code] ?? 'P1001';
    log('INFO', { message: 'Starting schema engine CLI' });
    log('ERROR', { message: error.message, error_code: code, is_panic: false });
    process.exitCode = 1;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function serve({ url, datamodels }) {
  let engine;
  let queue = Promise.resolve();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    queue = queue.then(async () => {
      let message;
      try {
        message = JSON.parse(line);
      } catch {
        return;
      }
      if (!message.method) return;
      try {
        engine ??= await startEngine(url, datamodels);
        const method = message.method === 'getDatabaseVersion' ? 'version' : message.method;
        let result = await engine[method](message.params);
        // The native engine prints a diff by a request of its own.
        if (message.method === 'diff' && result?.stdout) {
          send({ id: `p${message.id}`, method: 'print', params: { content: result.stdout } });
          result = { exitCode: result.exitCode };
        }
        send({ id: message.id, result: result ?? null });
      } catch (error) {
        const data = {
          is_panic: false,
          message: error.message,
          meta: error.meta ?? null,
          error_code: error.code ?? error.error_code,
        };
        const description = 'An error happened. Check the data field for details.';
        send({ id: message.id, error: { code: JSON_RPC_APPLICATION_ERROR, message: description, data } });
      }
    });
  });
  lines.on('close', () => queue.then(() => process.exit(0)));
}

async function startEngine(url, datamodels) {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm');
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (text) => process.stderr.write(`${text}\n`) };
  const { instance } = await WebAssembly.instantiate(readFileSync(wasm), { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  reportCharAsText();
  const schema = url ? (new URL(url).searchParams.get('schema') ?? undefined) : undefined;
  const factory = new FactoryWithShadowDatabase(connectionOptions(url), schema ? { schema } : undefined);
  return bindings.SchemaEngine.new(
    { datamodels },
    (text) => process.stderr.write(`${text}\n`),
    bindMigrationAwareSqlAdapterFactory(factory),
  );
}

/** adapter-pg does not know the type "char", which the catalogue queries of the engine answer with. */
function reportCharAsText() {
  const Result = require('pg/lib/result.js');
  const addFields = Result.prototype.addFields;
  Result.prototype.addFields = function addFieldsWithText(fields) {
    for (const field of fields) if (field.dataTypeID === OID_CHAR) field.dataTypeID = OID_TEXT;
    return addFields.call(this, fields);
  };
}

/** adapter-pg's own shadow database is a schema of the same database; migrate wants an empty database. */
class FactoryWithShadowDatabase extends PrismaPg {
  constructor(connection, options) {
    super(connection, options);
    this.connection = connection;
    this.options = options;
  }

  async connectToShadowDb() {
    const main = await this.connect();
    const database = `prisma_migrate_shadow_db_${randomUUID()}`;
    await main.executeScript(`CREATE DATABASE "${database}"`);
    const shadow = await new PrismaPg({ ...this.connection, database }, this.options).connect();
    const dispose = shadow.dispose.bind(shadow);
    shadow.dispose = async () => {
      await dispose();
      await main.executeScript(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`);
      await main.dispose();
    };
    return shadow;
  }
}

function connectionOptions(url) {
  const address = new URL(url);
  address.searchParams.delete('schema');
  const { host, port, user, password, database, ssl } = parseConnectionString(address.href);
  return { host, port: port ? Number(port) : 5432, user, password: password || undefined, database, ssl };
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function log(level, fields) {
  const entry = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(entry)}\n`);
}
