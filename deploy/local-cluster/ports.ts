import { freePort } from '../../src/runtime/processes/free-port.ts';

/** Free ports of the loopback address, each of them once. */
export class Ports {
  readonly #taken = new Set<number>();

  async next(): Promise<number> {
    for (;;) {
      const port = await freePort('127.0.0.1');
      if (this.#taken.has(port)) continue;
      this.#taken.add(port);
      return port;
    }
  }
}
