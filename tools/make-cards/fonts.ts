import { fileURLToPath } from 'node:url';
import { GlobalFonts } from '@napi-rs/canvas';

/**
 * Families registered from the files beside this one under names of our own, so that no installed font of the
 * machine takes part and the pictures are the same everywhere.
 */
export const SANS = 'KtpSans';
export const SANS_BOLD = 'KtpSansBold';
export const MONO = 'KtpMono';
export const OCR_A = 'KtpOcrA';

const FILES: ReadonlyArray<readonly [family: string, file: string]> = [
  [SANS, 'LiberationSans-Regular.ttf'],
  [SANS_BOLD, 'LiberationSans-Bold.ttf'],
  [MONO, 'LiberationMono-Regular.ttf'],
  [OCR_A, 'OCRA.ttf'],
];

let registered = false;

/** Registers the fonts once a process; call it before drawing text. */
export function registerFonts(): void {
  if (registered) return;
  for (const [family, file] of FILES) {
    const path = fileURLToPath(new URL(`./fonts/${file}`, import.meta.url));
    if (GlobalFonts.registerFromPath(path, family) === null) throw new Error(`cannot register the font ${file}`);
  }
  registered = true;
}
