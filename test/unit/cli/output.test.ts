import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createOutput, forTerminal, table } from '../../../src/cli/output.ts';
import { duration, progressBar } from '../../../src/cli/progress-bar.ts';
import { builtModule } from '../../support/built-module.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('what the CLI prints', () => {
  it('goes on where nobody reads its remarks: the results may go to a file', async () => {
    const script = `import { createOutput } from ${builtModule('cli/output')};
      const output = createOutput({ quiet: false, json: false });
      process.stdin.once('data', async () => {
        output.say('a remark');
        await new Promise((resolve) => setTimeout(resolve, 50));
        output.say('another');
        await output.print('the result');
        process.exit();
      });
      output.say('begun');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await new Promise((resolve) => child.stderr.once('data', resolve));
    child.stderr.destroy();
    child.stdin.end('go');
    expect(await text(child.stdout)).toBe('the result\n');
  });

  it('draws over no line where the terminal cannot', () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
    const isTTY = process.stderr.isTTY;
    process.stderr.isTTY = true;
    vi.stubEnv('TERM', 'dumb');
    const output = createOutput({ quiet: false, json: false });
    process.stderr.isTTY = isTTY;
    output.progress(() => '1/2');
    output.progress(() => '2/2');
    expect(written).toEqual(['1/2\n']);
  });

  it('shows how far a batch is', () => {
    const bar = progressBar({ total: 1000, finished: 480, failed: 3, throughput: 3.31, etaSeconds: 157 });
    expect(bar).toBe('[███████████░░░░░░░░░░░░░]  48 %  480/1000  3 failed  3.3 cards/s  2m37s left');
    expect(progressBar({ total: 0, finished: 0, failed: 0, throughput: null, etaSeconds: null })).toContain('0 %  0/0');
  });

  it('keeps the numbers in a narrow terminal, and drops what stands at the end', () => {
    const progress = { total: 1000, finished: 480, failed: 3, throughput: 3.31, etaSeconds: 157 };
    expect(progressBar(progress, 60)).toBe('48 %  480/1000  3 failed  3.3 cards/s  2m37s left');
    expect(progressBar(progress, 30)).toBe('48 %  480/1000  3 failed');
    expect(progressBar(progress, 8)).toBe('48 %');
  });

  it.each([
    [0, '0s'],
    [59.6, '1m00s'],
    [3599, '59m59s'],
    [7265, '2h01m'],
  ])('says %i seconds as %s', (seconds, text) => expect(duration(seconds)).toBe(text));

  it.runIf(existsSync('/dev/full'))('ends with one line where the disk is full', () => {
    const script = `import { createOutput } from ${builtModule('cli/output')};
      await createOutput({ quiet: false, json: false }).print('a');`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      encoding: 'utf8',
    });
    expect([run.status, run.stderr]).toEqual([
      1,
      'ktpflow: the output cannot be written: no space is left on the disk\n',
    ]);
  });

  it('lines columns up, and lets no file name control the terminal', () => {
    expect(
      table([
        ['A', 'LONG'],
        ['wide cell', 'x'],
      ]),
    ).toBe('A          LONG\nwide cell  x');
    expect(forTerminal('\u001B[2Jevil\u202E\r\n')).toBe('\uFFFD[2Jevil\uFFFD\uFFFD\uFFFD');
  });
});
