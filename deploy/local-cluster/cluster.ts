import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { prepareNginx } from './nginx.ts';
import { prepareObjectStore } from './object-store.ts';
import { Ports } from './ports.ts';
import { preparePostgres } from './postgres.ts';
import { prepareRole } from './role.ts';
import { RoleImage } from './role-image.ts';
import { processesOf, Service, type ServiceDefinition } from './service.ts';
import { ShiftedClock } from './shifted-clock.ts';
import { SmallDisk } from './small-disk.ts';
import { prepareTemporal } from './temporal.ts';

const BUCKET = 'ktpflow';
const NAMESPACE = 'default';

/** Room for what an hour of trials writes. */
const DISK_MEGABYTES = { postgres: 2_048, s3: 512, tmp: 512 } as const;

export interface ClusterOptions {
  readonly binaries: Binaries;
  /** Further settings of every role, such as VLM_BASE_URL. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Fixed for the life of a cluster; as many as in docker-compose.yml unless given. */
  readonly historyShards?: number;
  /** Name of an image from which the roles run; default: what is built in dist. */
  readonly image?: string | undefined;
  /** PostgreSQL, S3 and temporary files each get a disk of their own, which can be filled (see {@link mayMount}). */
  readonly hasSmallDisks?: boolean;
  /** Path of libfaketime, by which the clocks of workers and inference processes can be set. */
  readonly faketime?: string | undefined;
  /** With {@link faketime}: those of the APIs too. */
  readonly hasApiClocks?: boolean;
  /** Further settings of Temporal's dynamic configuration, by name. */
  readonly temporalSettings?: Readonly<Record<string, unknown>>;
  readonly say?: (line: string) => void;
}

/** PostgreSQL, Temporal on it, S3, two of each role, nginx in front: what docker-compose.yml runs, without containers. */
export interface LocalCluster {
  /** nginx. */
  readonly url: string;
  /** The APIs behind it. */
  readonly apiUrls: readonly string[];
  /** A key with every scope. */
  readonly key: string;
  readonly databaseUrl: string;
  /** Of who may make databases on that server. */
  readonly databaseAdminUrl: string;
  /** host:port */
  readonly temporalAddress: string;
  /** Everything that the cluster writes lies in it; `tmp` is the temporary folder of all roles. */
  readonly folder: string;
  readonly healthPorts: ReadonlyMap<string, number>;
  readonly services: ReadonlyMap<string, Service>;
  /** By what lies on them: `postgres`, `s3`, `tmp`. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  /** By service. */
  readonly clocks: ReadonlyMap<string, ShiftedClock>;
  service(name: string): Service;
  /** Waits until everything serves; throws when the time is over. */
  ready(timeoutMs?: number): Promise<void>;
  /** Stops everything that it started and removes the folder; answers the processes that were left, which is a fault. */
  stop(): Promise<number[]>;
}

/** Starts everything in the order of its dependencies; what has started is stopped again where something fails. */
export async function startLocalCluster(options: ClusterOptions): Promise<LocalCluster> {
  const { binaries, environment = {}, historyShards = 512, say = () => undefined } = options;
  const folder = mkdtempSync(join(tmpdir(), 'ktpflow-cluster-'));
  // The database's user has to pass through it; what is in it has modes of its own.
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { mode: 0o711 });
  const disks = new Map<string, SmallDisk>();
  if (options.hasSmallDisks) {
    for (const [name, megabytes] of Object.entries(DISK_MEGABYTES)) {
      disks.set(name, new SmallDisk(join(folder, name), megabytes));
    }
  }
  mkdirSync(join(folder, 'tmp'), { recursive: true, mode: 0o700 });
  const clocks = new Map<string, ShiftedClock>();
  const image = options.image === undefined ? undefined : new RoleImage(options.image);
  const services = new Map<string, Service>();
  const healthPorts = new Map<string, number>();
  const add = (definition: ServiceDefinition): Service => {
    const service = new Service(definition, join(folder, 'logs'));
    services.set(service.name, service);
    return service;
  };
  const begin = async (definition: ServiceDefinition): Promise<Service> => {
    const service = add(definition);
    await service.start();
    await service.ready();
    say(`${service.name} is ready`);
    return service;
  };
  const stop = async (): Promise<number[]> => {
    // Against the order of the dependencies: what is asked goes last.
    for (const group of inGroups([...services.values()].reverse())) await Promise.all(group.map((one) => one.stop()));
    await sleep(500);
    image?.remove();
    const left = processesOf(folder);
    for (const disk of disks.values()) disk.unmount();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    return left;
  };

  const ports = new Ports();
  const password = () => randomBytes(16).toString('hex');
  const passwords = { admin: password(), ktpflow: password(), temporal: password() };
  const key = password();
  try {
    const postgres = preparePostgres({ programs: binaries.postgres, folder, port: await ports.next(), passwords });
    const store = prepareObjectStore({
      program: binaries.versitygw,
      folder,
      port: await ports.next(),
      accessKey: 'ktpflow',
      secretKey: password(),
    });
    await Promise.all([begin(postgres.definition), begin(store.definition)]);
    postgres.createDatabases();
    await store.createBucket(BUCKET);
    const temporal = await prepareTemporal({
      binaries,
      folder,
      ports,
      database: { port: postgres.port, password: passwords.temporal },
      historyShards,
      settings: options.temporalSettings ?? {},
    });
    temporal.setupSchema();
    await begin(temporal.definition);
    await temporal.createNamespace(NAMESPACE);

    const common: NodeJS.ProcessEnv = {
      HOST: '127.0.0.1',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: NAMESPACE,
      BLOB_URL: `s3://${BUCKET}/blobs`,
      S3_ENDPOINT: store.endpoint,
      AWS_REGION: 'us-east-1',
      ...store.definition.environment,
      AWS_ACCESS_KEY_ID: 'ktpflow',
      AWS_SECRET_ACCESS_KEY: store.definition.environment?.ROOT_SECRET_KEY,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      KTPFLOW_HOME: join(folder, 'unused'),
      TMPDIR: join(folder, 'tmp'),
      OCR_THREADS: '1',
      ...environment,
    };
    const withDatabase = { ...common, DATABASE_URL: postgres.databaseUrl };
    const api = { ...withDatabase, API_KEYS: `${key}:chat+extract+review+admin:main`, TRUST_PROXY: 'loopback' };
    const apiPorts = [await ports.next(), await ports.next()];
    const roles = [
      ...[1, 2].map((number) => ({ role: 'worker' as const, number, environment: withDatabase })),
      ...[1, 2].map((number) => ({ role: 'inference' as const, number, environment: common })),
      ...apiPorts.map((port, index) => ({
        role: 'api' as const,
        number: index + 1,
        environment: { ...api, PORT: String(port) },
      })),
    ];
    const definitions: ServiceDefinition[] = [];
    for (const { role, number, environment: settings } of roles) {
      const name = `${role}-${number}`;
      const healthPort = await ports.next();
      healthPorts.set(name, healthPort);
      if (options.faketime && (role !== 'api' || options.hasApiClocks)) {
        clocks.set(name, new ShiftedClock(options.faketime, join(folder, `clock-of-${name}`)));
      }
      const environment = { ...settings, ...clocks.get(name)?.environment };
      definitions.push(prepareRole({ name, role, healthPort, environment, image }));
    }
    // All at once, on an empty database: the four that have it migrate it side by side.
    await Promise.all(definitions.map(begin));
    const front = await ports.next();
    await begin(prepareNginx(binaries.nginx, folder, front, apiPorts));
    return {
      url: `http://127.0.0.1:${front}`,
      apiUrls: apiPorts.map((port) => `http://127.0.0.1:${port}`),
      key,
      databaseUrl: postgres.databaseUrl,
      databaseAdminUrl: postgres.adminUrl,
      temporalAddress: temporal.address,
      folder,
      healthPorts,
      services,
      disks,
      clocks,
      service(name) {
        const service = services.get(name);
        if (!service) throw new Error(`no service ${name}`);
        return service;
      },
      async ready(timeoutMs) {
        await Promise.all([...services.values()].map((service) => service.ready(timeoutMs)));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Neighbours of one kind (`api-2`, `api-1`) stop together. */
function inGroups(services: readonly Service[]): Service[][] {
  const groups = new Map<string, Service[]>();
  for (const service of services) {
    const kind = service.name.split('-')[0] ?? service.name;
    groups.set(kind, [...(groups.get(kind) ?? []), service]);
  }
  return [...groups.values()];
}
