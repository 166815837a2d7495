import type { Logger } from '../../observability/logger.ts';

/** Closes what was opened, in reverse order, whatever fails on the way. */
export class CleanupStack {
  readonly #closers: { component: string; close: () => Promise<unknown> }[] = [];

  add(component: string, close: () => Promise<unknown>): void {
    this.#closers.push({ component, close });
  }

  async closeAll(logger: Logger): Promise<void> {
    for (const { component, close } of this.#closers.splice(0).reverse()) {
      await close().catch((error: unknown) => logger.error('close.failed', { component, error }));
    }
  }
}
