import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from './service.ts';

const SHIPPED = fileURLToPath(new URL('../nginx/default.conf', import.meta.url));
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** nginx with the configuration that docker-compose.yml gives it; only addresses differ. */
export function prepareNginx(
  program: string,
  folder: string,
  port: number,
  apis: readonly number[],
): ServiceDefinition {
  const home = join(folder, 'nginx');
  mkdirSync(home);
  const file = join(home, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; pid ${home}/pid; error_log stderr warn; ${process.getuid?.() === 0 ? 'user root;' : ''}
     events {}
     http {
       access_log off;
       ${TEMPORARY.map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ')}
       ${shippedFor(program, port, apis)}
     }`,
  );
  const url = `http://127.0.0.1:${port}/livez`;
  return {
    name: 'nginx',
    command: program,
    args: ['-c', file, '-e', 'stderr'],
    cwd: home,
    // Ends when the requests that it forwards have ended.
    stopSignal: 'SIGQUIT',
    isReady: async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).status > 0,
  };
}

/**
 * Docker's resolver and its names give way to ports of this machine; and what its nginx is too old for is left out:
 * Debian 12 has 1.22, the compose file a newer one.
 */
function shippedFor(program: string, port: number, apis: readonly number[]): string {
  const shipped = readFileSync(SHIPPED, 'utf8');
  const adapted = (keepsIdleOnReload(program) ? shipped : shipped.replace(/^\s*keepalive_min_timeout .*$/m, ''))
    .replace(/^\s*resolver .*$/m, '')
    .replace(/^\s*server api:3000 resolve (.*)$/m, (_, options: string) =>
      apis.map((api) => `  server 127.0.0.1:${api} ${options}`).join('\n'),
    )
    .replace('listen 8080;', `listen 127.0.0.1:${port};`);
  if (/resolver 127|listen 8080|api:3000/.test(adapted))
    throw new Error('deploy/nginx/default.conf has another form by now');
  return adapted;
}

/** `keepalive_min_timeout` is there since 1.27.4. */
function keepsIdleOnReload(program: string): boolean {
  const [, major = 0, minor = 0, patch = 0] =
    /nginx\/(\d+)\.(\d+)\.(\d+)/.exec(spawnSync(program, ['-v'], { encoding: 'utf8' }).stderr)?.map(Number) ?? [];
  return major * 1e6 + minor * 1e3 + patch >= 1_027_004;
}
