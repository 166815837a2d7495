import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FatalStartError, keepRunning, type Part, type PartEnd } from '../../../src/runtime/supervisor/keep-running.ts';

/** A part whose end the test decides. */
function fakePart() {
  const part = {
    drained: false,
    killed: false,
    end: (_end: PartEnd) => {},
    becomeReady: () => {},
  };
  const ended = new Promise<PartEnd>((resolve) => {
    part.end = resolve;
  });
  const ready = new Promise<void>((resolve) => {
    part.becomeReady = resolve;
  });
  const running: Part = {
    ready,
    ended,
    drain: () => {
      part.drained = true;
    },
    kill: () => {
      part.killed = true;
      part.end({ reason: 'ended (SIGKILL)', hopeless: false });
    },
  };
  return { part, running };
}

describe('a part that is kept running', () => {
  const parts: ReturnType<typeof fakePart>['part'][] = [];
  const startedAt: number[] = [];
  const lines: string[] = [];
  const start = async () => {
    const { part, running } = fakePart();
    parts.push(part);
    startedAt.push(performance.now());
    return running;
  };
  const latest = () => parts.at(-1)!;
  const crash = { reason: 'ended (code 1): Error: no disk', hopeless: false };

  beforeEach(() => {
    vi.useFakeTimers();
    parts.length = 0;
    startedAt.length = 0;
    lines.length = 0;
  });
  afterEach(() => vi.useRealTimers());

  const keep = () => keepRunning('ktpflow-api', start, (line) => lines.push(line));

  it('does not spin when it crashes at every start: the pauses grow to ten seconds, and each line says why', async () => {
    const kept = keep();
    await vi.advanceTimersByTimeAsync(0);
    for (let round = 0; round < 8; round++) {
      latest().end(crash);
      await vi.advanceTimersByTimeAsync(10_000);
    }
    const pauses = startedAt.slice(1).map((time, index) => Math.round((time - startedAt[index]!) / 100) * 100);
    expect(parts).toHaveLength(9);
    expect(lines[0]).toBe('ktpflow-api ended (code 1): Error: no disk; restarting now');
    expect(lines.slice(1, 4).map((line) => line.split('; ')[1])).toEqual([
      'restarting now',
      'restarting in 1 s',
      'restarting in 2 s',
    ]);
    expect(lines.at(-1)).toContain('restarting in 10 s');
    expect(Math.max(...pauses)).toBeLessThanOrEqual(20_000);
    kept.kill();
  });

  it('starts again in less than half a second after the first crash, and at once after a good while', async () => {
    const kept = keep();
    await vi.advanceTimersByTimeAsync(5000);
    latest().end(crash);
    await vi.advanceTimersByTimeAsync(499);
    expect(parts).toHaveLength(2);

    await vi.advanceTimersByTimeAsync(60_000);
    latest().end(crash);
    await vi.advanceTimersByTimeAsync(0);
    expect(parts).toHaveLength(3);
    kept.kill();
  });

  it('gives up on a start that cannot work, but not on the same fault later', async () => {
    const first = keep();
    await vi.advanceTimersByTimeAsync(0);
    latest().end({ reason: 'port 3000 is already in use', hopeless: true });
    await expect(first.ready).rejects.toThrow(new FatalStartError('port 3000 is already in use'));
    expect(parts).toHaveLength(1);

    const second = keep();
    await vi.advanceTimersByTimeAsync(0);
    latest().becomeReady();
    await second.ready;
    latest().end({ reason: 'port 3000 is already in use', hopeless: true });
    await vi.advanceTimersByTimeAsync(500);
    expect(parts).toHaveLength(3);
    second.kill();
  });

  it('kills what does not drain in its time, and starts nothing afterwards', async () => {
    const kept = keep();
    await vi.advanceTimersByTimeAsync(0);
    const stopped = kept.stop(3000);
    await vi.advanceTimersByTimeAsync(2999);
    expect(latest()).toMatchObject({ drained: true, killed: false });
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(latest().killed).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(parts).toHaveLength(1);
  });

  it('can be stopped in the pause before a restart', async () => {
    const kept = keep();
    await vi.advanceTimersByTimeAsync(0);
    latest().end(crash);
    await vi.advanceTimersByTimeAsync(0);
    await kept.stop(3000);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(parts).toHaveLength(1);
  });
});
