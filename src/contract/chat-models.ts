import { type ChatRequest, responseFormatOf } from '../chat/request.ts';
import { KtpflowError } from '../errors.ts';
import { KTP_OCR_MODEL } from './engine-status.ts';
import { GENERATION_TASK_QUEUE, INFERENCE_TASK_QUEUE } from './task-queues.ts';

/** The settings by which models are offered. */
export interface ModelSettings {
  readonly VLM_ENGINE?: string | undefined;
  readonly VLM_BASE_URL?: string | undefined;
  readonly VLM_MODEL_DIR?: string | undefined;
  readonly MODEL_REPO_ID: string;
}

/** Name of the schema that asks for the full shape; published at /schemas/ktp.json. */
const OCR_SCHEMA_NAME = 'ktp';

/** Names offered in /v1/models. */
export function modelNames(config: ModelSettings): string[] {
  const vision = config.VLM_ENGINE !== 'none' && (config.VLM_BASE_URL || config.VLM_MODEL_DIR);
  return vision ? [config.MODEL_REPO_ID, KTP_OCR_MODEL] : [KTP_OCR_MODEL];
}

/** Task queue of the processes that run a model. */
export function taskQueueOf(model: string): string {
  return model === KTP_OCR_MODEL ? INFERENCE_TASK_QUEUE : GENERATION_TASK_QUEUE;
}

/** @throws KtpflowError model_not_found */
export function requireModel(config: ModelSettings, model: string): void {
  if (!modelNames(config).includes(model)) {
    throw new KtpflowError('model_not_found', 'There is no model of that name; see /v1/models.', { param: 'model' });
  }
}

/** What `ktp-ocr` needs can be told before anything is started. @throws KtpflowError missing_image, invalid_value */
export function checkOcrRequest(request: ChatRequest): void {
  if (request.model !== KTP_OCR_MODEL) return;
  const shows = request.messages.some(
    ({ content, role }) => role === 'user' && content?.some((part) => part.type === 'image'),
  );
  if (!shows) {
    const message = 'The model ktp-ocr needs an image in a user message.';
    throw new KtpflowError('missing_image', message, { param: 'messages' });
  }
  const format = responseFormatOf(request);
  if (format.type === 'json_schema' && format.name !== OCR_SCHEMA_NAME) {
    throw new KtpflowError('invalid_value', 'The model ktp-ocr knows one schema only, named "ktp".', {
      param: 'response_format.json_schema.name',
    });
  }
}
