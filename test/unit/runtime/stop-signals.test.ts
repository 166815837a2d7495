import { afterEach, describe, expect, it } from 'vitest';
import { listenForStop } from '../../../src/runtime/processes/stop-signals.ts';

let endListening = () => {};
afterEach(() => endListening());

/** What listening with or without a terminal makes of signals, one after the other. */
function heard(terminal: boolean, ...names: NodeJS.Signals[]): string[] {
  const events: string[] = [];
  endListening = listenForStop(
    {
      onStop: (name) => events.push(`stop ${name}`),
      onForce: (name) => events.push(`force ${name}`),
      onIgnoredHangup: () => events.push('hang-up ignored'),
    },
    terminal,
  );
  for (const name of names) process.emit(name, name);
  return events;
}

describe('signals to stop', () => {
  it('a hang-up stops what runs in a terminal', () => {
    expect(heard(true, 'SIGHUP')).toEqual(['stop SIGHUP']);
  });

  it('a hang-up does not stop what nohup or a service manager runs, and other signals still do', () => {
    expect(heard(false, 'SIGHUP', 'SIGHUP', 'SIGTERM')).toEqual(['hang-up ignored', 'hang-up ignored', 'stop SIGTERM']);
  });

  it('one Ctrl-C that arrives twice, from the terminal and from npm, is one', () => {
    expect(heard(true, 'SIGINT', 'SIGINT')).toEqual(['stop SIGINT']);
  });
});
