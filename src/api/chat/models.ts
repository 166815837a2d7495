import { type ChatRequest, responseFormatOf } from '../../chat/request.ts';
import type { Config } from '../../config.ts';
import { KTP_OCR_MODEL } from '../../contract/engine-status.ts';
import { GENERATION_TASK_QUEUE, INFERENCE_TASK_QUEUE } from '../../contract/task-queues.ts';
import { KtpflowError } from '../../errors.ts';

/** The model that is always there: a picture of a card in, its fields as JSON out. */
/** Name of the schema that asks for the full shape; published at /schemas/ktp.json. */
const OCR_SCHEMA_NAME = 'ktp';

/** Names offered in /v1/models. */
export function modelNames(config: Config): string[] {
  const vision = config.VLM_ENGINE !== 'none' && (config.VLM_BASE_URL || config.VLM_MODEL_DIR);
  return vision ? [config.MODEL_REPO_ID, KTP_OCR_MODEL] : [KTP_OCR_MODEL];
}

/** Task queue of the processes that run a model. */
export function taskQueueOf(model: string): string {
  return model === KTP_OCR_MODEL ? INFERENCE_TASK_QUEUE : GENERATION_TASK_QUEUE;
}

/** @throws KtpflowError model_not_found */
export function requireModel(config: Config, model: string): void {
  if (!modelNames(config).includes(model)) {
    throw new KtpflowError('model_not_found', 'There is no model of that name; see /v1/models.', { param: 'model' });
  }
}

/** What `ktp-ocr` needs can be told before anything is started. @throws KtpflowError missing_image, invalid_value */
export function checkOcrRequest(request: ChatRequest): void {
  if (request.model !== KTP_OCR_MODEL) return;
  const question = request.messages.findLast((message) => message.role === 'user');
  if (!question?.content?.some((part) => part.type === 'image')) {
    const message = 'The model ktp-ocr needs an image in the last user message.';
    throw new KtpflowError('missing_image', message, { param: 'messages' });
  }
  const format = responseFormatOf(request);
  if (format.type === 'json_schema' && format.name !== OCR_SCHEMA_NAME) {
    throw new KtpflowError('invalid_value', 'The model ktp-ocr knows one schema only, named "ktp".', {
      param: 'response_format.json_schema.name',
    });
  }
}
