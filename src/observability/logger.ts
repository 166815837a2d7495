import { type DestinationStream, type Level, pino } from 'pino';
import { type LogFields, safeFields } from './log-fields.ts';

/** One line of JSON an event, on standard output. Events are fixed names such as `request.finished`, never sentences. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  readonly level: Level | 'silent';
  /** Process title or role that stands in every line. */
  readonly component: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

const EVENT = /^[a-z][a-z0-9_.-]{0,63}$/;

function standardOutput(): DestinationStream {
  // Synchronous: the last line before a kill is the one that is needed.
  const destination = pino.destination({ dest: 1, sync: true });
  // A reader that is gone, a full disk under the log: lines are lost, the work goes on.
  destination.on('error', () => {});
  return destination;
}

/** A logger that is redacted by construction: see log-fields.ts for what gets through. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = pino(
    {
      level: options.level,
      base: { service: options.component, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      messageKey: 'event',
    },
    options.destination ?? standardOutput(),
  );
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: LogFields = {}): void => {
      if (sink.isLevelEnabled(level)) sink[level](safeFields(fields), EVENT.test(event) ? event : 'event.unnamed');
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
