import { execFileSync } from 'node:child_process';
import type { ServiceDefinition } from './service.ts';

/** Settings of the host that say nothing in an image. */
const HOSTS_OWN = new Set(['TMPDIR', 'KTPFLOW_HOME', 'ROOT_ACCESS_KEY', 'ROOT_SECRET_KEY', 'MALLOC_ARENA_MAX']);

/** An image that buildah has, to run roles from without an engine: a container each, on the host's network. */
export class RoleImage {
  readonly #name: string;
  readonly #containers: string[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** The command of the image, as its user, with the environment of the image and this one. */
  command(environment: NodeJS.ProcessEnv): Pick<ServiceDefinition, 'command' | 'args' | 'environment'> {
    const container = buildah('from', '--pull=never', this.#name);
    this.#containers.push(container);
    const config = JSON.parse(buildah('inspect', '--type', 'image', this.#name)) as {
      Docker: { config: { Cmd: string[] } };
    };
    const settings = Object.entries(environment).filter(([name]) => !HOSTS_OWN.has(name));
    const variables = settings.flatMap(([name, value]) => ['--env', `${name}=${value ?? ''}`]);
    return {
      command: 'buildah',
      args: ['run', ...variables, container, '--', ...config.Docker.config.Cmd],
      environment: { BUILDAH_ISOLATION: 'chroot' },
    };
  }

  remove(): void {
    for (const container of this.#containers.splice(0)) buildah('rm', container);
  }
}

function buildah(...args: string[]): string {
  return execFileSync('buildah', args, { encoding: 'utf8' }).trim();
}
