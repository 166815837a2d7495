import type { Component } from './npm-sbom.ts';

/** May be redistributed with an installation without a second thought. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]);

/** Looked at by a person: packages by name or by the beginning of one, and why they may stay. NOTICE tells of them. */
const REVIEWED: readonly { readonly name: string; readonly licence: string; readonly because: string }[] = [
  { name: '@img/sharp-', licence: 'LGPL-3.0-or-later', because: 'libvips, linked dynamically and replaceable' },
  { name: 'libheif-js', licence: 'LGPL-3.0', because: 'a file of its own, loaded at run time and replaceable' },
  { name: 'ffmpeg-static', licence: 'GPL-3.0-or-later', because: 'optional; run as a program of its own' },
  { name: '@ffmpeg-installer/', licence: 'LGPL-2.1 or GPL-3.0', because: 'optional; run as a program of its own' },
  { name: 'parse-cache-control', licence: 'BSD-3-Clause', because: 'its LICENSE file says so; of ffmpeg-static only' },
  { name: '@visx/vendor', licence: 'MIT and ISC', because: 'no SPDX expression; of the prisma command, not loaded' },
  { name: 'elkjs', licence: 'EPL-2.0', because: 'of the prisma command, not loaded by ktpflow' },
];

export interface LicenceReport {
  /** How many packages have which licence. */
  readonly counts: ReadonlyMap<string, number>;
  readonly reviewed: readonly { readonly package: string; readonly licence: string; readonly because: string }[];
  /** Unknown, missing, or not on the list: to be looked at by a person. */
  readonly refused: readonly { readonly package: string; readonly licence: string }[];
}

export function reportLicences(components: readonly Component[]): LicenceReport {
  const counts = new Map<string, number>();
  const reviewed: LicenceReport['reviewed'][number][] = [];
  const refused: LicenceReport['refused'][number][] = [];
  for (const component of components) {
    const licence = licenceOf(component);
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
    if (isAllowed(licence)) continue;
    const name = `${component.name}@${component.version}`;
    const review = REVIEWED.find((entry) => component.name === entry.name || isUnder(component.name, entry.name));
    if (review) reviewed.push({ package: name, licence: review.licence, because: review.because });
    else refused.push({ package: name, licence });
  }
  return { counts, reviewed, refused };
}

/** An SPDX expression of OR and AND; AND binds closer. Anything else is no licence that we know. */
export function isAllowed(expression: string): boolean {
  const bare = /^\(([^()]+)\)$/.exec(expression.trim())?.[1] ?? expression;
  return bare.split(' OR ').some((one) => one.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

function isUnder(name: string, beginning: string): boolean {
  return /[/-]$/.test(beginning) && name.startsWith(beginning);
}

function licenceOf({ licenses = [] }: Component): string {
  const names = licenses.map((entry) => {
    if ('expression' in entry) return entry.expression;
    return entry.license.id ?? entry.license.name ?? 'unknown';
  });
  return names.length === 0 ? 'unknown' : names.join(' AND ');
}
