import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { builtModule } from '../../support/built-module.ts';

it('a process whose log reader goes away, as with `npm start | head -2`, goes on', async () => {
  const script = `
    import { setTimeout as delay } from 'node:timers/promises';
    import { outliveReaders } from ${builtModule('runtime/processes/outlive-readers')};
    import { createLogger } from ${builtModule('observability/logger')};
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
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([7, null]);
});
