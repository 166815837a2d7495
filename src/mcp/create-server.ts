import { readFile, stat } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { FIELD_NAMES } from '../ktp/field-names.ts';
import type { ApiAnswer, ApiCall } from './api-call.ts';
import { explainField, summarizeJob } from './describe-extraction.ts';

export interface McpOptions {
  readonly version: string;
  /** Whether read_ktp may name a file of this machine: where the caller runs the program, not where it is served. */
  readonly localFiles: boolean;
}

interface ReadInput {
  readonly image_url?: string;
  readonly image_base64?: string;
  readonly path?: string;
  readonly extraction_id?: string;
  readonly reveal: boolean;
}

const LONGEST_WAIT_S = 60;
/** More than the API takes of a picture or document in JSON, however it is set up. */
const LARGEST_FILE_MB = 100;
const EXTRACTION_ID = /^ext_[0-9a-f]{1,64}$/;
const BATCH_ID = /^batch_[0-9a-f]{1,64}$/;

const reveal = z
  .boolean()
  .default(false)
  .describe('true: show personal values; otherwise they are masked. Ask the user before you set it.');

/**
 * The tools of ktpflow for the Model Context Protocol, over the HTTP API. Personal values are masked unless they are
 * asked for, since what a tool answers goes to a model.
 */
export function createMcpServer(call: ApiCall, { localFiles, version }: McpOptions): McpServer {
  const server = new McpServer({ name: 'ktpflow', version });

  server.registerTool(
    'read_ktp',
    {
      title: 'Read a KTP',
      description:
        'Reads an Indonesian identity card (KTP) from a picture: fields with confidence, checks, quality. Personal values are masked unless reveal is true. Where the answer is still "running" or "needs_review", ask again later with its id as extraction_id.',
      inputSchema: {
        image_url: z.string().optional().describe('http(s) or data URL of the picture'),
        image_base64: z.string().optional().describe('The picture itself'),
        ...(localFiles && { path: z.string().optional().describe('A picture on this machine') }),
        extraction_id: z.string().regex(EXTRACTION_ID).optional().describe('A reading that had not ended'),
        reveal,
      },
      // It stores a reading, and has a URL fetched: clients let through unasked what only reads.
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: true },
    },
    async (input: ReadInput) => {
      const { extraction_id, image_base64, image_url, path } = input;
      if ([extraction_id, image_base64, image_url, path].filter((given) => given !== undefined).length !== 1) {
        const names = ['image_url', 'image_base64', ...(localFiles ? ['path'] : [])];
        return failure(`Name one of ${names.join(', ')} and extraction_id.`);
      }
      if (extraction_id !== undefined) {
        const known = await call('GET', `/v1/ktp/extractions/${extraction_id}?wait=${LONGEST_WAIT_S}`);
        return known.ok ? success(summarizeJob(known.body, input.reveal)) : apiFailure(known);
      }
      const bytes = path === undefined ? undefined : await readPicture(path).catch(() => null);
      if (bytes === null) return failure(`The file cannot be read, or is larger than ${LARGEST_FILE_MB} MB.`);
      const body =
        image_url === undefined ? { image_base64: image_base64 ?? bytes?.toString('base64') } : { image_url };
      const answer = await call('POST', `/v1/ktp/extractions?wait=${LONGEST_WAIT_S}`, body);
      return answer.ok ? success(summarizeJob(answer.body, input.reveal)) : apiFailure(answer);
    },
  );

  server.registerTool(
    'batch_status',
    {
      title: 'Status of a batch',
      description: 'How far a batch of cards is: counts, throughput, estimated seconds left.',
      inputSchema: { batch_id: z.string().regex(BATCH_ID) },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ batch_id }) => {
      const answer = await call('GET', `/v1/ktp/batches/${batch_id}`);
      if (!answer.ok) return apiFailure(answer);
      const { counts, eta_seconds, id, status, throughput } = z.looseObject({}).parse(answer.body);
      return success({ id, status, counts, throughput, eta_seconds });
    },
  );

  server.registerTool(
    'explain_field',
    {
      title: 'Explain a field',
      description:
        'Why a field of a read card has the value it has: what was printed, how sure the reader is, what was corrected, which checks concern it.',
      inputSchema: { extraction_id: z.string().regex(EXTRACTION_ID), field: z.enum(FIELD_NAMES), reveal },
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ extraction_id, field, reveal: revealed }) => {
      const answer = await call('GET', `/v1/ktp/extractions/${extraction_id}`);
      if (!answer.ok) return apiFailure(answer);
      const explained = explainField(answer.body, field, revealed);
      return explained === null ? failure('The extraction has no result.') : success(explained);
    },
  );
  return server;
}

/** @throws errors of the file system; for what is no file, such as a device, or too large */
async function readPicture(path: string): Promise<Buffer> {
  const found = await stat(path);
  if (!found.isFile() || found.size > LARGEST_FILE_MB * 1024 * 1024) throw new Error('no picture');
  return readFile(path);
}

function success(structured: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(structured, null, 2) }], structuredContent: structured };
}

function failure(message: string): CallToolResult {
  return { isError: true, content: [{ type: 'text', text: message }] };
}

/** The API's own sentence: it never holds a value of the request. */
function apiFailure({ body, status }: ApiAnswer): CallToolResult {
  const parsed = z.object({ error: z.object({ message: z.string(), code: z.string() }) }).safeParse(body);
  return failure(parsed.success ? `${parsed.data.error.message} (${parsed.data.error.code})` : `HTTP ${status}`);
}
