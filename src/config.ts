import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

/**
 * Every environment variable, once: its form, its default, what it is for. `.env.example` is checked against this
 * file by a test; a bad value stops the start with one line that names the variable and what is allowed.
 */

const flag = (fallback: boolean) =>
  z
    .string()
    .toLowerCase()
    .pipe(z.enum(['0', '1', 'true', 'false']))
    .transform((text) => text === '1' || text === 'true')
    .default(fallback);

/** Digits alone: `20.000` is twenty thousand in Indonesia, and 20 to JavaScript. */
const wholeNumber = ({ min = 0, max = Number.MAX_SAFE_INTEGER } = {}) => {
  const most = max === Number.MAX_SAFE_INTEGER ? ' or more' : ` to ${max}`;
  const message = `must be a whole number of ${min}${most}, in digits alone`;
  return z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .pipe(z.number().min(min, message).max(max, message));
};

const whole = (fallback: number, range = {}) => wholeNumber(range).default(fallback);

/** With a decimal point. */
const decimal = (fallback: number, { min, max, above }: { min?: number; max?: number; above?: number }) => {
  const least = above === undefined ? `of ${min} or more` : `above ${above}`;
  const message = `must be a number ${least}${max === undefined ? '' : `, at most ${max}`}, with a point for decimals`;
  const range = z
    .number()
    .gte(min ?? Number.MIN_VALUE, message)
    .lte(max ?? Number.MAX_VALUE, message);
  return z
    .string()
    .regex(/^\d{1,15}(\.\d{1,40})?(e-\d{1,2})?$/, message)
    .transform(Number)
    .pipe(range)
    .default(fallback);
};

const webAddress = () => z.string().regex(/^https?:\/\/./, 'must begin with http:// or https://');

const optional = <Schema extends z.ZodType>(schema: Schema) => schema.optional();

const roleSchema = z.enum(['api', 'worker', 'inference']);
export type Role = z.infer<typeof roleSchema>;

/** What Express takes for "trust proxy", besides `true`, which would let every caller say who it is. */
function isProxyList(text: string): boolean {
  if (text === '' || /^\d{1,2}$/.test(text)) return true;
  return text.split(/ *, */).every((entry) => {
    const [address = '', range, ...rest] = entry.split('/');
    if (['loopback', 'linklocal', 'uniquelocal'].includes(entry)) return true;
    const isRange = range === undefined || isIPv4(range) || (/^\d{1,3}$/.test(range) && Number(range) <= 128);
    return isIP(address) !== 0 && isRange && rest.length === 0;
  });
}

export const SCOPES = ['chat', 'extract', 'review', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A key of API_KEYS: `key:scope+scope[:tenant]`. */
export interface ConfiguredKey {
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** null: the key is its own tenant. */
  readonly tenant: string | null;
}

/** What fits behind `Bearer` in a header; another key would never be shown. */
const SENDABLE_KEY = /^[\x21-\x7e]{8,512}$/;

const apiKeysSchema = z
  .string()
  .default('')
  .transform((text, context) => {
    const keys: ConfiguredKey[] = [];
    for (const entry of text.split(',').map((part) => part.trim())) {
      if (entry === '') continue;
      const [key, scopeText, tenant, ...rest] = entry.split(':');
      const scopes = (scopeText ?? '').split('+');
      const known = scopes.every((scope): scope is Scope => (SCOPES as readonly string[]).includes(scope));
      if (!key || !SENDABLE_KEY.test(key) || !known || rest.length > 0) {
        // The entry itself is a secret and stays out of the message.
        context.addIssue({
          code: 'custom',
          message: `must be comma-separated key:scope+scope[:tenant], keys of 8 characters or more (ASCII, no blanks), scopes ${SCOPES.join(', ')}`,
        });
        return z.NEVER;
      }
      keys.push({ key, scopes: scopes as Scope[], tenant: tenant ?? null });
    }
    return keys;
  });

export interface EncryptionKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Buffer;
}

const encryptionKeysSchema = z
  .string()
  .default('')
  .transform((text, context) => {
    const keys: EncryptionKey[] = [];
    for (const entry of text.split(',').map((part) => part.trim())) {
      if (entry === '') continue;
      const separator = entry.indexOf(':');
      const id = entry.slice(0, separator);
      const secret = Buffer.from(entry.slice(separator + 1), 'base64');
      if (!/^[A-Za-z0-9_-]{1,32}$/.test(id) || secret.length !== 32) {
        context.addIssue({ code: 'custom', message: 'must be comma-separated id:base64, each key of 32 bytes' });
        return z.NEVER;
      }
      keys.push({ id, secret });
    }
    return keys;
  });

const MIN_WEBHOOK_SECRET_BYTES = 24;

const webhookSecretsSchema = z
  .string()
  .default('')
  .transform((text, context) => {
    const secrets = text.split(',').map((part) => part.trim());
    const given = secrets.filter((secret) => secret !== '');
    const isSecret = (secret: string) =>
      /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret) &&
      Buffer.from(secret.slice(6), 'base64').length >= MIN_WEBHOOK_SECRET_BYTES;
    if (given.every(isSecret)) return given;
    const message = `must be comma-separated whsec_ and base64, each of ${MIN_WEBHOOK_SECRET_BYTES} bytes or more`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const rolesSchema = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(z.array(roleSchema))
  .optional();

export const environmentSchema = z.object({
  // Server
  HOST: z
    .string()
    .default('127.0.0.1')
    // As IPv6 is written in a URL.
    .transform((host) => host.replace(/^\[(.+)\]$/, '$1'))
    .describe('Address to listen on; anything but loopback needs a key'),
  PORT: whole(3000, { max: 65535 }).describe('Port to listen on; 0 takes a free one'),
  HEALTH_PORT: optional(wholeNumber({ min: 1, max: 65535 })).describe(
    'Port for liveness, readiness and metrics of this process, whatever its roles; for private networks only',
  ),
  TRUST_PROXY: z
    .string()
    .default('')
    .refine(isProxyList, {
      message: 'must be a number of proxies, or comma-separated addresses and networks such as 10.0.0.0/8 or loopback',
    })
    .describe('Express "trust proxy": number of hops or a list of networks'),
  CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim().replace(/\/$/, '')))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .refine((origins) => origins.every((origin) => /^(\*|[a-z][a-z0-9+.-]*:\/\/[^/\s*]+)$/i.test(origin)), {
      message: 'must be * or comma-separated origins such as https://app.example.org',
    })
    .describe('Web pages that may call from a browser: origins, or * for all'),
  KEEP_ALIVE_SECONDS: whole(10, { min: 1, max: 15 }).describe('Longest silence on an event stream'),
  LOG_LEVEL: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']))
    .default('info'),

  // Shape
  ROLES: rolesSchema.describe('Roles of this process (api, worker, inference); unset: the embedded platform'),
  KTPFLOW_HOME: z.string().default('./.ktpflow').describe('Data of the embedded shape'),
  KTPFLOW_CACHE: optional(z.string()).describe("Downloaded assets; default: the user's cache folder"),

  // Access
  API_KEYS: apiKeysSchema.describe('Comma-separated key:scope+scope[:tenant]'),
  ACCESS_LOG_DAYS: whole(1825, { min: 30, max: 36_500 }).describe('Days that entries of the access log are kept'),
  RATE_LIMIT_PER_MINUTE: whole(0, { max: 1_000_000 }).describe(
    'Requests a key may make in a minute of each API process; 0: no limit',
  ),
  ALLOW_ANONYMOUS: flag(false).describe('1: serve without keys on any address'),

  // Temporal
  TEMPORAL_ADDRESS: optional(z.string().regex(/^[^\s/]+$/, 'must be host:port, without http://')).describe(
    'host:port; unset: the embedded server',
  ),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: optional(z.string()),
  TEMPORAL_TLS: flag(false).describe('1: TLS; an API key and each of the next four turn it on, too'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: optional(z.string()).describe("PEM file of the server's authority"),
  TEMPORAL_TLS_SERVER_NAME: optional(z.string()).describe(
    "Name in the server's certificate, if not that of the address",
  ),
  TEMPORAL_TLS_CLIENT_CERT_PATH: optional(z.string()).describe('PEM file of our certificate (mTLS)'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: optional(z.string()).describe('PEM file of its private key'),
  TEMPORAL_CLI_PATH: optional(z.string()).describe('Path of a temporal CLI to use instead of the pinned one'),

  // Storage
  DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//, 'must begin with postgresql://')).describe(
    'postgresql://…; unset: the embedded PGlite',
  ),
  DATABASE_POOL_SIZE: whole(10, { min: 2, max: 1000 }).describe('Most connections of a process to DATABASE_URL'),
  BLOB_URL: optional(z.string().regex(/^(file:\/\/.|s3:\/\/[^/])/, 'must begin with file:// or s3://bucket')).describe(
    'file:// or s3://bucket/prefix',
  ),
  S3_ENDPOINT: optional(webAddress()).describe('Address of an S3 server other than AWS'),
  ENCRYPTION_KEYS: encryptionKeysSchema.describe('id:base64, comma-separated; the first is used for writing'),
  RETENTION_DAYS: decimal(7, { above: 0, max: 3650 }).describe('Days that results are kept'),

  // Vision-language model
  VLM_ENGINE: optional(z.enum(['none', 'onnx', 'openai'])).describe('Default: by VLM_MODEL_DIR or VLM_BASE_URL'),
  VLM_BASE_URL: optional(webAddress()).describe('Base URL of an OpenAI-compatible server'),
  VLM_API_KEY: optional(z.string()),
  VLM_MODEL_DIR: optional(z.string()).describe('Folder of an exported Qwen3-VL'),
  VLM_CONTEXT_TOKENS: whole(8192, { min: 512, max: 262_144 }).describe(
    'Prompt and answer together of the model in VLM_MODEL_DIR; of a 2B each token takes 0.22 MB',
  ),
  VLM_THREADS: whole(0, { max: 256 }).describe('Threads of the model in VLM_MODEL_DIR; 0: by the number of cores'),
  VLM_CONCURRENCY: whole(4, { min: 1, max: 1024 }).describe('Generations at once in an inference process'),
  VLM_SERVER: z
    .enum(['auto', 'vllm', 'sglang', 'llamacpp', 'ollama', 'generic'])
    .default('auto')
    .describe("What VLM_BASE_URL is; auto: by the server's own answers"),
  VLM_FIRST_TOKEN_TIMEOUT_SECONDS: whole(300, { min: 1, max: 7200 }).describe('Longest wait for a first token'),
  VLM_IDLE_TIMEOUT_SECONDS: whole(60, { min: 1, max: 7200 }).describe('Longest silence between two tokens'),
  VLM_CANARY: flag(true).describe(
    '1: the model reads a drawn card at start and daily; until it does, nothing it reads counts as sure',
  ),
  VLM_CARD_BUDGET_SECONDS: whole(20, { max: 90 }).describe(
    'What a vision-language model may delay a doubtful card by; 0: strategy auto never asks it',
  ),
  VLM_MAX_IMAGE_PIXELS: whole(1_310_720, { min: 65_536 }).describe('Larger pictures are scaled down to this'),
  MODEL_REPO_ID: z.string().default('Qwen/Qwen3-VL-2B-Instruct').describe('Name offered in /v1/models'),
  HF_TOKEN: optional(z.string()),
  HF_ENDPOINT: webAddress()
    .default('https://huggingface.co')
    .describe('Where `ktpflow models pull` fetches from: the hub, or a mirror of it'),
  DEVICE_MAP: z.string().default('auto').describe('auto, cpu, cuda or webgpu'),
  TORCH_DTYPE: z.string().default('auto').describe('auto, float32, float16, bfloat16, int8 or int4'),
  EAGER_LOAD_MODEL: flag(true).describe('1: load models at start'),

  // OCR
  OCR_TIMEOUT_SECONDS: whole(120, { min: 1, max: 3600 }).describe('Longest POST /ktp-ocr/'),
  OCR_THREADS: whole(0, { max: 64 }).describe('Cards read at once in an inference process; 0: by the number of cores'),

  // Chat
  MAX_TOKENS: whole(4096, { min: 1, max: 1_000_000 }),
  TEMPERATURE: decimal(0.7, { min: 0, max: 2 }),
  PERSIST_SESSIONS: flag(true).describe('0: nothing of a session is kept after its end'),
  SESSIONS_TTL_SECONDS: whole(600, { min: 1 }),
  CANCEL_AFTER_DISCONNECT_SECONDS: whole(3600),
  CANCEL_ANONYMOUS_AFTER_DISCONNECT_SECONDS: whole(10),
  ENABLE_AUTO_COMPRESSION: flag(true),
  CONTEXT_MAX_TOKENS_AUTO: whole(0).describe("0: the model's own limit"),
  CONTEXT_SAFETY_MARGIN: whole(256),
  COMPRESSION_STRATEGY: z.enum(['truncate']).default('truncate'),

  // Media
  MAX_VIDEO_FRAMES: whole(16, { min: 1, max: 256 }),
  ALLOWED_LOCAL_MEDIA_PATH: optional(z.string()).describe('Folder from which messages may name local files'),
  FFMPEG_PATH: optional(z.string()),

  // Limits
  MAX_WAITING_INTERACTIVE: whole(64, { min: 1 }),
  MAX_UPLOAD_MB: whole(2048, { min: 1 }).describe('Largest multipart upload'),
  MAX_FILES_GB: decimal(20, { above: 0 }).describe('Most that the files of a tenant may hold together'),
  FILES_RETENTION_DAYS: decimal(30, { above: 0, max: 3650 }).describe(
    'Days that files without expires_after are kept, and batches of /v1/batches',
  ),
  MAX_JSON_MB: whole(25, { min: 1 }).describe('Largest JSON body'),
  MAX_BATCH_ITEMS: whole(20_000, { min: 1, max: 1_000_000 }).describe('Most items of a batch'),
  BATCH_WINDOW: whole(0, { max: 500 }).describe(
    'Items of a batch at once, waiting or being read; 0: four a core of this machine',
  ),
  MAX_IMAGE_MB: whole(15, { min: 1 }),
  MAX_IMAGE_MEGAPIXELS: whole(120, { min: 1, max: 200 }).describe('Largest picture; at most 200'),
  MAX_VIDEO_MB: whole(100, { min: 1 }),
  FETCH_TIMEOUT_SECONDS: whole(10, { min: 1 }).describe('Longest fetch of an image_url'),
  ALLOW_PRIVATE_URLS: flag(false).describe(
    '1: image_url and webhooks may point to private addresses (tests, closed networks)',
  ),

  // Review
  REVIEW_THRESHOLD: decimal(0.9, { min: 0, max: 1 }).describe(
    'Confidence below which a field is in doubt, where a request asks for a review of doubtful cards',
  ),
  REVIEW_TIMEOUT_HOURS: decimal(168, { above: 0, max: 720 }).describe(
    'Longest wait for a reviewer; afterwards the picture is gone',
  ),
  REVIEW_ON_TIMEOUT: z
    .enum(['deliver', 'expire'])
    .default('deliver')
    .describe('What becomes of a card that nobody has reviewed: deliver it as it was read, or fail it'),
  REVIEW_LEASE_MINUTES: whole(5, { min: 1, max: 60 }).describe('How long a card is kept for the reviewer who took it'),
  CONFIDENCE_TABLE: optional(z.string()).describe(
    'File of `ktpflow reviews calibrate --write`: what confidences are worth on your own cards; unset: as built in',
  ),

  // Traces
  OTEL_EXPORTER_OTLP_ENDPOINT: optional(webAddress()).describe(
    'Collector of OpenTelemetry traces (OTLP over HTTP); unset: none are made',
  ),

  // Webhooks
  WEBHOOK_SECRET: webhookSecretsSchema.describe('whsec_ and base64; comma-separated while it is being changed'),
});

export type Config = z.infer<typeof environmentSchema>;

/** A variable with a value that is not allowed; the message is one line, ready to be printed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * A variable's value as it was meant: blanks and a carriage return at its ends (a file of Windows) and one pair of
 * quotes around it (docker's --env-file keeps them) are left out. Unset and empty mean the same, as compose files write
 * `NAME: ${NAME:-}`.
 */
export function tidyValue(value: string | undefined): string | undefined {
  const trimmed = value?.trim() ?? '';
  const unquoted = /^(["'])(.*)\1$/s.exec(trimmed)?.[2]?.trim() ?? trimmed;
  return unquoted === '' ? undefined : unquoted;
}

/** Reads the configuration; throws {@link ConfigError} naming every bad variable, never its value. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const names = Object.keys(environmentSchema.shape);
  const values = Object.fromEntries(names.map((name) => [name, tidyValue(environment[name])]));
  const torn = names.filter((name) => /\p{Cc}|^["'][^"']*$/u.test(values[name] ?? ''));
  if (torn.length > 0) {
    throw new ConfigError(
      `bad configuration: ${torn.join(', ')}: holds a line break, a control character, or one quote without its other half`,
    );
  }
  const parsed = environmentSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`bad configuration: ${lines.join('; ')}`);
}

/** The vision-language engine that is configured: VLM_ENGINE, else by VLM_MODEL_DIR or VLM_BASE_URL. */
export function vlmEngineOf({ VLM_ENGINE, VLM_MODEL_DIR, VLM_BASE_URL }: Config): 'none' | 'onnx' | 'openai' {
  if (VLM_ENGINE) return VLM_ENGINE;
  if (VLM_MODEL_DIR !== undefined) return 'onnx';
  return VLM_BASE_URL === undefined ? 'none' : 'openai';
}
