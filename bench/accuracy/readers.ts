import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReadFields } from './metrics.ts';

/** A program that reads cards: one JSON line `{id, path}` in, one `{id, fields|null, refusal?, lines?}` out. */
export interface ReaderCommand {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Pictures that it works on at the same time. */
  readonly inFlight: number;
}

export interface Answer {
  readonly id: string;
  /** null: the reader says that this is no KTP. */
  readonly fields: ReadFields | null;
  /** Why there are no fields, where the reader says so. */
  readonly refusal?: string;
}

export interface ReaderRun {
  readonly name: string;
  readonly answers: ReadonlyMap<string, Answer>;
  /** Wall time of all pictures after the first one, divided by their number. */
  readonly secondsPerCard: number;
  /** Until the answer about a picture, half of them sooner. */
  readonly medianSeconds: number;
  readonly peakRssMb: number;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A vision-language model beside OCR: see ktpflow-reader.ts for what `engine` may name. */
export interface ModelOptions {
  readonly strategy: string;
  readonly engine: string;
  readonly budgetSeconds: number;
}

/** Our reader, with as many threads as cores; asked for so many pictures at a time. */
export function ourReader(models: string, threads: number, inFlight: number, model?: ModelOptions): ReaderCommand {
  const tsx = fileURLToPath(import.meta.resolve('tsx'));
  return {
    name: model ? `ktpflow ${model.strategy} ${model.engine}` : 'ktpflow',
    command: process.execPath,
    arguments: ['--import', tsx, here('./ktpflow-reader.ts'), models, String(threads), ...modelArguments(model)],
    inFlight,
  };
}

function modelArguments(model: ModelOptions | undefined): string[] {
  return model ? [model.strategy, model.engine, String(model.budgetSeconds)] : [];
}

/** The first Python that can import rapidocr: KTPFLOW_BENCH_PYTHON, then python3. */
export function rapidOcrReader(): ReaderCommand | null {
  for (const python of [process.env.KTPFLOW_BENCH_PYTHON, 'python3']) {
    if (python === undefined || python === '') continue;
    try {
      execFileSync(python, ['-c', 'import rapidocr, onnxruntime'], { stdio: 'ignore', timeout: 60_000 });
    } catch {
      continue;
    }
    return { name: 'rapidocr', command: python, arguments: [here('./rapidocr_peer.py')], inFlight: 1 };
  }
  return null;
}

export const RAPID_OCR_HINT =
  'RapidOCR is missing: python3 -m venv VENV && VENV/bin/pip install rapidocr==3.10.0 onnxruntime, ' +
  'then KTPFLOW_BENCH_PYTHON=VENV/bin/python';

/** High-water mark of a process's resident memory, or 0 where the system does not tell. */
function peakRssMb(child: ChildProcess): number {
  const path = `/proc/${child.pid}/status`;
  if (!existsSync(path)) return 0;
  const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(path, 'utf8'));
  return match?.[1] === undefined ? 0 : Math.round(Number(match[1]) / 1024);
}

/** Runs a reader over pictures; the first one warms it up and is read again. */
export async function runReader(
  reader: ReaderCommand,
  pictures: ReadonlyArray<{ id: string; path: string }>,
  onAnswer: (done: number) => void,
): Promise<ReaderRun> {
  const child = spawn(reader.command, [...reader.arguments], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = new Map<string, Answer>();
  const waiting = new Map<string, (answer: Answer) => void>();
  const exited = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${reader.name} ended early with ${code}`)));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ask = (picture: { id: string; path: string }): Promise<Answer> =>
    Promise.race([
      exited,
      new Promise<Answer>((resolve) => {
        waiting.set(picture.id, resolve);
        child.stdin.write(`${JSON.stringify({ id: picture.id, path: picture.path })}\n`);
      }),
    ]);

  const queue = [...pictures];
  const seconds: number[] = [];
  const warmUp = queue[0];
  if (warmUp !== undefined) await ask(warmUp);
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let picture = queue.shift(); picture !== undefined; picture = queue.shift()) {
      const asked = performance.now();
      answers.set(picture.id, await ask(picture));
      seconds.push((performance.now() - asked) / 1000);
      onAnswer(answers.size);
    }
  };
  await Promise.all(Array.from({ length: reader.inFlight }, worker));
  const secondsPerCard = (performance.now() - started) / 1000 / Math.max(1, pictures.length);
  const peak = peakRssMb(child);
  exited.catch(() => undefined);
  child.stdin.end();
  child.kill();
  const medianSeconds = seconds.sort((a, b) => a - b)[seconds.length >> 1] ?? 0;
  return { name: reader.name, answers, secondsPerCard, medianSeconds, peakRssMb: peak };
}
