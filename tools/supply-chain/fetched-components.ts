import { basename } from 'node:path';
import type { Asset } from '../../src/runtime/assets/asset.ts';
import { DETECTION_MODEL, RECOGNITION_MODEL } from '../../src/runtime/assets/ocr-models.ts';
import { temporalCliAsset } from '../../src/runtime/assets/temporal-cli.ts';
import type { Component } from './npm-sbom.ts';

const TEMPORAL_PLATFORMS = ['linux x64', 'linux arm64', 'darwin x64', 'darwin arm64'];

/** What npm does not know of: what the first start fetches, by its pinned hash. */
export function fetchedComponents(): Component[] {
  return [
    ...TEMPORAL_PLATFORMS.map((platform) =>
      componentOf(temporalCliAsset(platform), { type: 'application', licence: 'MIT', suffix: platform }),
    ),
    ...[DETECTION_MODEL, RECOGNITION_MODEL].map((model) =>
      componentOf(model, { type: 'machine-learning-model', licence: 'Apache-2.0' }),
    ),
  ];
}

function componentOf(
  asset: Asset,
  { licence, suffix, type }: { readonly type: string; readonly licence: string; readonly suffix?: string },
): Component {
  const wheel = asset.sources.find((source) => source.kind === 'wheel');
  const [, version = ''] = wheel?.requirement.split('==') ?? [];
  const name = [basename(asset.path), ...(suffix === undefined ? [] : [`(${suffix})`])].join(' ');
  return {
    'bom-ref': `sha256:${asset.sha256}`,
    type,
    name,
    version,
    description: asset.title,
    hashes: [{ alg: 'SHA-256', content: asset.sha256 }],
    licenses: [{ license: { id: licence } }],
    externalReferences: asset.sources.flatMap((source) =>
      source.kind === 'http' ? [{ type: 'distribution', url: source.url }] : [],
    ),
  };
}
