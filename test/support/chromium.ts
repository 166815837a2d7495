import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];

/** Where a Chromium is: that of CHROMIUM_PATH, or of the system; undefined, said in one line: there is none. */
export function findChromium(): string | undefined {
  const path = process.env.CHROMIUM_PATH ?? PLACES.find((place) => existsSync(place));
  if (path === undefined) console.log('no Chromium is installed: the console is not tried in a browser');
  return path;
}

export async function launchChromium(executablePath: string, args: readonly string[] = []): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...args] });
}
