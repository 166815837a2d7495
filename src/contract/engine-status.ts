/** One engine of an inference process. */
export interface EngineStatus {
  readonly id: string;
  readonly kind: 'ppocr' | 'onnx' | 'openai';
  /** The name of /v1/models that it answers to. */
  readonly modelId: string;
  readonly ready: boolean;
  readonly error: string | null;
  /** Prompt and answer together, in tokens; null where it is not known. */
  readonly contextLength: number | null;
  /** What is wrong with it although it answers. Absent in answers of an older version, as the next one. */
  readonly warning?: string;
  /** What the model's tokenizer says that the model takes, in tokens. */
  readonly tokenizerMaxLength?: number;
}

/** Name of the activity on the probe queue; run by itself, without a workflow. */
export const PROBE_ENGINES_ACTIVITY = 'probeEngines';

/** The model that reads KTPs without any vision-language model; always in /v1/models. */
export const KTP_OCR_MODEL = 'ktp-ocr';
