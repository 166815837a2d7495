import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { isAllowed, reportLicences } from '../../../tools/supply-chain/licences.ts';
import type { Component, Sbom } from '../../../tools/supply-chain/npm-sbom.ts';
import { completeSbom } from '../../../tools/supply-chain/sbom.ts';
import { readAudit } from '../../../tools/supply-chain/vulnerabilities.ts';

const component = (name: string, id?: string): Component => ({
  'bom-ref': `${name}@1.0.0`,
  type: 'library',
  name,
  version: '1.0.0',
  ...(id !== undefined && { licenses: [{ license: { id } }] }),
});

describe('the licence report', () => {
  it('refuses what nobody has looked at: unknown, missing and copyleft licences', () => {
    const { refused } = reportLicences([
      component('fine', 'MIT'),
      component('nameless'),
      component('strict', 'AGPL-3.0-only'),
      component('ffmpeg-static-fork', 'GPL-3.0-or-later'),
      { ...component('named'), licenses: [{ license: { name: 'SEE LICENSE IN FILE' } }] },
    ]);
    expect(refused.map((one) => one.package)).toEqual([
      'nameless@1.0.0',
      'strict@1.0.0',
      'ffmpeg-static-fork@1.0.0',
      'named@1.0.0',
    ]);
  });

  it('is not all: whoever repackages the optional ffmpeg is told of its licence', async () => {
    const notice = await readFile(new URL('../../../NOTICE', import.meta.url), 'utf8');
    expect(notice).toMatch(/ffmpeg-static.*GPL-3\.0-or-later\n.*If you repackage/);
  });

  it('lets through what was reviewed, and says why', () => {
    const { refused, reviewed } = reportLicences([
      component('@img/sharp-libvips-linux-x64', 'LGPL-3.0-or-later'),
      component('libheif-js', 'LGPL-3.0'),
    ]);
    expect(refused).toEqual([]);
    expect(reviewed.map(({ because }) => because.length > 10)).toEqual([true, true]);
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['Apache-2.0 AND MIT', true],
    ['Apache-2.0 AND LGPL-3.0-or-later', false],
    ['GPL-2.0-only OR AGPL-3.0-only', false],
    ['MIT AND GPL-2.0-only OR ISC', true],
    ['mit-ish', false],
  ])('reads the expression %s', (expression, allowed) => {
    expect(isAllowed(expression)).toBe(allowed);
  });
});

describe('the SBOM', () => {
  const sbom = {
    bomFormat: 'CycloneDX',
    metadata: { component: { ...component('some-folder'), 'bom-ref': 'ktpflow@0.1.0' } },
    components: [component('express', 'MIT')],
    dependencies: [{ ref: 'ktpflow@0.1.0', dependsOn: ['express@1.0.0'] }],
  } satisfies Sbom;

  it('names what npm does not know of: the models and the Temporal CLI, by their hashes', () => {
    const { components, dependencies, metadata } = completeSbom(sbom);
    expect(metadata.component.name).toBe('ktpflow');
    const models = components.filter(({ type }) => type === 'machine-learning-model');
    expect(models.map(({ name }) => name)).toEqual(['PP-OCRv6_det_small.onnx', 'PP-OCRv6_rec_small.onnx']);
    expect(components.filter(({ name }) => name.startsWith('temporal ('))).toHaveLength(4);
    const refs = components.map((one) => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(dependencies.find(({ ref }) => ref === 'ktpflow@0.1.0')?.dependsOn.every((ref) => refs.includes(ref))).toBe(
      true,
    );
  });
});

describe('the vulnerability report', () => {
  it('is none where the registry answers no audit, so that silence is not taken for safety', () => {
    expect(readAudit('{"message":"405 Method Not Allowed"}')).toBeNull();
    expect(readAudit('')).toBeNull();
  });

  it('counts what is high or critical', () => {
    const vulnerabilities = { leaky: { severity: 'high', range: '<2' }, odd: { severity: 'low', range: '*' } };
    const metadata = { vulnerabilities: { info: 0, low: 1, moderate: 0, high: 1, critical: 0, total: 2 } };
    expect(readAudit(JSON.stringify({ vulnerabilities, metadata }))).toEqual({
      lines: ['high: leaky <2', 'low: odd *'],
      serious: 1,
    });
  });
});

describe('the workflows of CI', () => {
  it('take no action by a tag, which can be moved', async () => {
    const folder = new URL('../../../.github/workflows/', import.meta.url);
    const texts = await Promise.all((await readdir(folder)).map((name) => readFile(new URL(name, folder), 'utf8')));
    const uses = texts.flatMap((text) => [...text.matchAll(/uses: (\S+)/g)].map(([, action = '']) => action));
    expect(uses.length).toBeGreaterThan(3);
    expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  });
});
