import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium } from './chromium.ts';

/** SCREENSHOTS=FOLDER writes what was seen there. */
const { SCREENSHOTS } = process.env;

/** A browser in front of the console, one window at a time; notes what it complains of. */
export class ConsoleBrowser {
  /** A policy that was broken, a script that failed; since the last {@link close}. */
  complaints: string[] = [];
  readonly #browser: Browser;
  #context: BrowserContext | undefined;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(executable: string, args: readonly string[] = []): Promise<ConsoleBrowser> {
    return new ConsoleBrowser(await launchChromium(executable, args));
  }

  /** @param address of the server, with any prefix of a proxy */
  async open(address: string, hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    this.#context = await this.#browser.newContext({
      viewport: { width: 1280, height: 860 },
      locale: 'en-GB',
      ...options,
    });
    const page = await this.#context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    await page.goto(`${address}/console/${hash}`);
    return page;
  }

  cookies() {
    return this.#context?.cookies() ?? Promise.resolve([]);
  }

  /** Closes the window. */
  async close(): Promise<void> {
    await this.#context?.close();
    this.complaints = [];
  }

  async end(): Promise<void> {
    await this.#browser.close();
  }
}

export async function shoot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** Violations by axe, each with where it is. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, which no policy of the page concerns.
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    interface Axe {
      run(
        options: object,
      ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
    }
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ failureSummary = '', html }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 240)}`),
    );
  });
}

/** Violations in the light and in the dark theme; screenshots of both where they are wanted. */
export async function violationsInBothThemes(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const theme of ['light', 'dark'] as const) {
    await page.getByLabel(/^(Colours|Warna)$/).selectOption(theme);
    await shoot(page, `${name}-${theme}`);
    found.push(...(await violations(page)));
  }
  await page.getByLabel(/^(Colours|Warna)$/).selectOption('system');
  return found;
}

/** How far the page is wider than its window, pixels. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>('Math.max(0, document.documentElement.scrollWidth - innerWidth)');
}

/** All that the page has kept in this browser, and where it is. */
export async function tracesIn(page: Page): Promise<string> {
  const kept = await page.evaluate<string>(
    'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.title])',
  );
  return `${page.url()} ${kept}`;
}
