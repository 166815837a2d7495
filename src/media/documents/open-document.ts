import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { KtpflowError } from '../../errors.ts';
import type { DocumentKind } from './document-kind.ts';
import type { RendererAnswer, RendererFault, RendererRequest } from './renderer-messages.ts';

/** Starting, opening a file of 15 MB, and rendering a page each take a second at most. */
const STEP_MS = 20_000;
/** V8's part of the renderer, which bounds PDFium's memory itself. */
const HEAP_MB = 512;

/** Documents that are checked at the same time: a process each, of 130 MB and half a second of processor time. */
const CHECKS_AT_ONCE = 4;

/** A document's pages, as pictures. */
export interface DocumentPages {
  readonly count: number;
  /** JPEG of a page, at 300 dpi where that is at most 20 megapixels. @throws KtpflowError invalid_image */
  render(index: number): Promise<Uint8Array>;
  /** Ends the process that has it open. */
  close(): void;
}

/**
 * Opens a document in a process of its own, which has none of this one's environment.
 * @throws KtpflowError invalid_image, unsupported_media_type, image_too_large_pixels; the signal's reason once it is aborted
 */
export async function openDocument(
  kind: DocumentKind,
  bytes: Uint8Array,
  signal: AbortSignal = new AbortController().signal,
): Promise<DocumentPages> {
  signal.throwIfAborted();
  const renderer = startRenderer();
  const abort = () => renderer.kill('SIGKILL');
  signal.addEventListener('abort', abort, { once: true });
  const close = () => {
    signal.removeEventListener('abort', abort);
    renderer.kill('SIGKILL');
  };
  const ask = async (request: RendererRequest): Promise<RendererAnswer> => {
    const answer = await askRenderer(renderer, request);
    signal.throwIfAborted();
    if (answer.type === 'failed') throw unreadable(kind, answer.fault);
    return answer;
  };
  try {
    const opened = await ask({ type: 'open', kind, bytes });
    if (opened.type !== 'opened' || opened.pages < 1) throw unreadable(kind, 'damaged');
    return {
      count: opened.pages,
      async render(index) {
        const rendered = await ask({ type: 'render', index });
        if (rendered.type !== 'rendered') throw unreadable(kind, 'damaged');
        return rendered.image;
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Whether a document can be opened at all: protected and broken ones are refused before any work is started. Some at a
 * time: each takes a process, and callers may send as many as they like.
 * @returns how many pages it has @throws KtpflowError invalid_image
 */
export async function checkDocument(kind: DocumentKind, bytes: Uint8Array): Promise<number> {
  if (checks.running >= CHECKS_AT_ONCE) await new Promise<void>((resolve) => checks.waiting.push(resolve));
  else checks.running++;
  try {
    const document = await openDocument(kind, bytes);
    document.close();
    return document.count;
  } finally {
    const next = checks.waiting.shift();
    if (next) next();
    else checks.running--;
  }
}

const checks = { running: 0, waiting: [] as (() => void)[] };

function startRenderer(): ChildProcess {
  const source = import.meta.url.endsWith('.ts');
  const entry = fileURLToPath(new URL(`./page-renderer.${source ? 'ts' : 'js'}`, import.meta.url));
  return fork(entry, [], {
    env: {},
    execArgv: [`--max-old-space-size=${HEAP_MB}`, ...(source ? ['--import', import.meta.resolve('tsx')] : [])],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

/** One question, one answer; a renderer that is silent or has died cannot read the document. */
function askRenderer(renderer: ChildProcess, request: RendererRequest): Promise<RendererAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: RendererAnswer) => {
      clearTimeout(timer);
      renderer.off('message', onMessage);
      renderer.off('exit', onExit);
      renderer.off('error', onExit);
      resolve(answer);
    };
    const onMessage = (answer: unknown) => settle(answer as RendererAnswer);
    const onExit = () => settle({ type: 'failed', fault: 'damaged' });
    const timer = setTimeout(onExit, STEP_MS);
    renderer.once('message', onMessage);
    renderer.once('exit', onExit);
    renderer.once('error', onExit);
    if (renderer.exitCode !== null || renderer.signalCode !== null) onExit();
    else renderer.send(request, (error) => error && onExit());
  });
}

const NAMES: Readonly<Record<DocumentKind, string>> = {
  pdf: 'PDF',
  heif: 'HEIC or AVIF file',
  bmp: 'BMP',
  tiff: 'TIFF',
};

function unreadable(kind: DocumentKind, fault: RendererFault): KtpflowError {
  const name = NAMES[kind];
  if (fault === 'encrypted') return new KtpflowError('invalid_image', `The ${name} is protected by a password.`);
  if (fault === 'too_large') return new KtpflowError('image_too_large_pixels', `The ${name} has too many pixels.`);
  if (fault === 'unsupported') {
    return new KtpflowError(
      'unsupported_media_type',
      `The ${name} is compressed, or of a depth that is not supported.`,
    );
  }
  return new KtpflowError('invalid_image', `The ${name} cannot be decoded.`);
}
