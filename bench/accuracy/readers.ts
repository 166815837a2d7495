import { execFileSync, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median } from '../../src/text-lines/median.ts';
import { peakMegabytes } from '../process-usage.ts';
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

interface Picture {
  readonly id: string;
  readonly path: string;
}

export interface RunningReader {
  readonly pid: number;
  /** Rejects once the reader has ended. */
  ask(picture: Picture): Promise<Answer>;
  end(): void;
}

export function startReader(reader: ReaderCommand): RunningReader {
  const child = spawn(reader.command, [...reader.arguments], { stdio: ['pipe', 'pipe', 'inherit'] });
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
  return {
    pid: child.pid ?? 0,
    ask: ({ id, path }) =>
      Promise.race([
        exited,
        new Promise<Answer>((resolve) => {
          waiting.set(id, resolve);
          child.stdin.write(`${JSON.stringify({ id, path })}\n`);
        }),
      ]),
    end() {
      exited.catch(() => undefined);
      child.stdin.end();
      child.kill();
    },
  };
}

/** Pictures in a turn, for each that a reader works on at the same time. */
const TURN = 8;

/**
 * Runs readers over pictures, by turns: what else goes on in the machine slows all of them. The first picture warms each of
 * them up and is read again. One that has no turn waits and costs nothing but its memory.
 */
export async function runReaders(
  readers: readonly ReaderCommand[],
  pictures: readonly Picture[],
  onAnswer: (reader: string, done: number) => void,
): Promise<ReaderRun[]> {
  const runs = readers.map((reader) => new Run(reader));
  const [warmUp] = pictures;
  if (warmUp) for (const run of runs) await run.running.ask(warmUp);
  const turn = TURN * Math.max(...readers.map(({ inFlight }) => inFlight));
  for (let first = 0; first < pictures.length; first += turn) {
    for (const run of runs) {
      await run.read(pictures.slice(first, first + turn), (done) => onAnswer(run.reader.name, done));
    }
  }
  return runs.map((run) => run.end());
}

/** What one reader said and took so far. */
class Run {
  readonly reader: ReaderCommand;
  readonly running: RunningReader;
  readonly #answers = new Map<string, Answer>();
  readonly #seconds: number[] = [];
  #total = 0;

  constructor(reader: ReaderCommand) {
    this.reader = reader;
    this.running = startReader(reader);
  }

  async read(pictures: readonly Picture[], onAnswer: (done: number) => void): Promise<void> {
    const queue = [...pictures];
    const worker = async (): Promise<void> => {
      for (let picture = queue.shift(); picture !== undefined; picture = queue.shift()) {
        const asked = performance.now();
        this.#answers.set(picture.id, await this.running.ask(picture));
        this.#seconds.push((performance.now() - asked) / 1000);
        onAnswer(this.#answers.size);
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: this.reader.inFlight }, worker));
    this.#total += (performance.now() - started) / 1000;
  }

  end(): ReaderRun {
    const peakRssMb = Math.round(peakMegabytes(this.running.pid));
    this.running.end();
    return {
      name: this.reader.name,
      answers: this.#answers,
      secondsPerCard: this.#total / Math.max(1, this.#answers.size),
      medianSeconds: median(this.#seconds),
      peakRssMb,
    };
  }
}
