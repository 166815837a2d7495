import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

const module = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);

it('a process whose log reader goes away, as with `npm start | head -2`, goes on', async () => {
  const script = `
    import { setTimeout as delay } from 'node:timers/promises';
    import { outliveReaders } from ${module('runtime/processes/outlive-readers.ts')};
    import { createLogger } from ${module('observability/logger.ts')};
    outliveReaders();
    const logger = createLogger({ level: 'info', component: 'test' });
    for (let round = 0; round < 20; round++) {
      console.log('a line for people');
      console.error('a fault');
      process.stdout.write('a part of a bar');
      process.stderr.write('a piece of a stack');
      logger.info('request.finished');
      await delay(20);
    }
    process.exit(7);`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([7, null]);
});
