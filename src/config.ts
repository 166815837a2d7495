import { z } from 'zod';

/**
 * Every environment variable, once: its form, its default, what it is for. `.env.example` is checked against this
 * file by a test; a bad value stops the start with one line that names the variable and what is allowed.
 */

const flag = (fallback: boolean) =>
  z
    .enum(['0', '1', 'true', 'false', ''])
    .default(fallback ? '1' : '0')
    .transform((text) => text === '1' || text === 'true');

const whole = (fallback: number, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}) =>
  z.coerce.number().int().min(min).max(max).default(fallback);

/** Unset and empty mean the same, as they do in a shell's `NAME= command`. */
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const roleSchema = z.enum(['api', 'worker', 'inference']);
export type Role = z.infer<typeof roleSchema>;

const SCOPES = ['chat', 'extract', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A key of API_KEYS: `key:scope+scope[:tenant]`. */
export interface ConfiguredKey {
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** null: the key is its own tenant. */
  readonly tenant: string | null;
}

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
      if (!key || key.length < 8 || !known || rest.length > 0) {
        // The entry itself is a secret and stays out of the message.
        context.addIssue({
          code: 'custom',
          message: `must be comma-separated key:scope+scope[:tenant], keys of 8 characters or more, scopes ${SCOPES.join(', ')}`,
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

const rolesSchema = z.preprocess(
  (value) => (value === '' ? undefined : value),
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(roleSchema))
    .optional(),
);

export const environmentSchema = z.object({
  // Server
  HOST: z.string().default('127.0.0.1').describe('Address to listen on; anything but loopback needs a key'),
  PORT: whole(3000, { max: 65535 }).describe('Port to listen on; 0 takes a free one'),
  TRUST_PROXY: z.string().default('').describe('Express "trust proxy": number of hops or a list of networks'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),

  // Shape
  ROLES: rolesSchema.describe('Roles of this process (api, worker, inference); unset: the embedded platform'),
  KTPFLOW_HOME: z.string().default('./.ktpflow').describe('Data of the embedded shape'),
  KTPFLOW_CACHE: optional(z.string()).describe("Downloaded assets; default: the user's cache folder"),

  // Access
  API_KEYS: apiKeysSchema.describe('Comma-separated key:scope+scope[:tenant]'),
  ALLOW_ANONYMOUS: flag(false).describe('1: serve without keys on any address'),

  // Temporal
  TEMPORAL_ADDRESS: optional(z.string()).describe('host:port; unset: the embedded server'),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_API_KEY: optional(z.string()),
  TEMPORAL_TLS: flag(false),
  TEMPORAL_CLI_PATH: optional(z.string()).describe('Path of a temporal CLI to use instead of the pinned one'),

  // Storage
  DATABASE_URL: optional(z.string().regex(/^postgres(ql)?:\/\//)).describe(
    'postgresql://…; unset: the embedded PGlite',
  ),
  BLOB_URL: optional(z.string().regex(/^(file|s3):\/\//)).describe('file:// or s3://bucket/prefix'),
  S3_ENDPOINT: optional(z.string()),
  ENCRYPTION_KEYS: encryptionKeysSchema.describe('id:base64, comma-separated; the first is used for writing'),
  RETENTION_DAYS: z.coerce.number().positive().max(3650).default(7).describe('Days that results are kept'),

  // Vision-language model
  VLM_ENGINE: optional(z.enum(['none', 'onnx', 'openai'])).describe('Default: by VLM_MODEL_DIR or VLM_BASE_URL'),
  VLM_BASE_URL: optional(z.string().regex(/^https?:\/\//)).describe('Base URL of an OpenAI-compatible server'),
  VLM_API_KEY: optional(z.string()),
  VLM_MODEL_DIR: optional(z.string()).describe('Folder of an exported Qwen3-VL'),
  VLM_CONCURRENCY: whole(4, { min: 1, max: 1024 }).describe('Generations at once in an inference process'),
  VLM_SERVER: z
    .enum(['auto', 'vllm', 'sglang', 'llamacpp', 'ollama', 'generic'])
    .default('auto')
    .describe("What VLM_BASE_URL is; auto: by the server's own answers"),
  VLM_FIRST_TOKEN_TIMEOUT_SECONDS: whole(300, { min: 1, max: 7200 }).describe('Longest wait for a first token'),
  VLM_IDLE_TIMEOUT_SECONDS: whole(60, { min: 1, max: 7200 }).describe('Longest silence between two tokens'),
  VLM_MAX_IMAGE_PIXELS: whole(1_310_720, { min: 65_536 }).describe('Larger pictures are scaled down to this'),
  MODEL_REPO_ID: z.string().default('Qwen/Qwen3-VL-2B-Instruct').describe('Name offered in /v1/models'),
  HF_TOKEN: optional(z.string()),
  DEVICE_MAP: z.string().default('auto').describe('auto, cpu, cuda or webgpu'),
  TORCH_DTYPE: z.string().default('auto').describe('auto, float32, float16, bfloat16, int8 or int4'),
  EAGER_LOAD_MODEL: flag(true).describe('1: load models at start'),

  // OCR
  OCR_TIMEOUT_SECONDS: whole(120, { min: 1, max: 3600 }).describe('Longest POST /ktp-ocr/'),
  OCR_THREADS: whole(0, { max: 64 }).describe('Cards read at once in an inference process; 0: by the number of cores'),

  // Chat
  MAX_TOKENS: whole(4096, { min: 1, max: 1_000_000 }),
  TEMPERATURE: z.coerce.number().min(0).max(2).default(0.7),
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
  MAX_FILES_GB: z.coerce.number().positive().default(20).describe('Most that the files of a tenant may hold together'),
  FILES_RETENTION_DAYS: z.coerce
    .number()
    .positive()
    .max(3650)
    .default(30)
    .describe('Days that files without expires_after are kept, and batches of /v1/batches'),
  MAX_JSON_MB: whole(25, { min: 1 }).describe('Largest JSON body'),
  MAX_BATCH_ITEMS: whole(20_000, { min: 1, max: 1_000_000 }).describe('Most items of a batch'),
  BATCH_WINDOW: whole(0, { max: 500 }).describe(
    'Items of a batch at once, waiting or being read; 0: four a core of this machine',
  ),
  MAX_IMAGE_MB: whole(15, { min: 1 }),
  MAX_IMAGE_MEGAPIXELS: whole(40, { min: 1, max: 200 }).describe('Largest picture; at most 200'),
  MAX_VIDEO_MB: whole(100, { min: 1 }),
  FETCH_TIMEOUT_SECONDS: whole(10, { min: 1 }).describe('Longest fetch of an image_url'),
  ALLOW_PRIVATE_URLS: flag(false).describe(
    '1: image_url and webhooks may point to private addresses (tests, closed networks)',
  ),

  // Webhooks
  WEBHOOK_SECRET: webhookSecretsSchema.describe('whsec_ and base64; comma-separated while it is being changed'),
});

export type Config = z.infer<typeof environmentSchema>;

/** A variable with a value that is not allowed; the message is one line, ready to be printed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Reads the configuration; throws {@link ConfigError} naming every bad variable, never its value. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`bad configuration: ${lines.join('; ')}`);
}
