import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../../src/runtime/processes/process-identity.ts';
import { gone } from '../support/platform-process.ts';
import {
  EmbeddedPlatform,
  exampleImage,
  exampleTruth,
  imageForm,
  type Job,
  type PartName,
  temporaryFolder,
} from './embedded-platform.ts';
import { expectReadOnce } from './histories.ts';

const EXAMPLES = [1, 2, 3] as const;
/** Enough that one is being read whenever a process is killed. */
const CARDS = 2;

const folder = temporaryFolder();
const home = join(folder.path, 'home');
let platform: EmbeddedPlatform;
const jobs = new Map<string, Job>();

beforeAll(async () => {
  platform = await EmbeddedPlatform.start(home);
});
afterAll(async () => {
  await platform?.end();
  folder.remove();
});

/** Hands in cards, kills something while one of them is being read, and waits for all. */
async function extractWhile(fault: () => void): Promise<Job[]> {
  const ids: string[] = [];
  for (let card = 0; card < CARDS; card++) ids.push(await platform.submit(exampleImage(1)));
  await platform.running(ids[0]!);
  fault();
  const finished = await Promise.all(ids.map((id) => platform.finished(id)));
  for (const job of finished) jobs.set(job.id, job);
  return finished;
}

function kill(process_: ProcessIdentity): void {
  process.kill(process_.pid, 'SIGKILL');
}

const compatTruth = (truth: Record<string, string | null>) => ({
  nik: truth.nik,
  nama: truth.nama,
  tempat_lahir: truth.tempat_lahir,
  tgl_lahir: (truth.tgl_lahir ?? '').split('-').reverse().join('-'),
  jenis_kelamin: truth.jenis_kelamin,
  alamat: {
    name: truth.alamat,
    rt_rw: `${truth.rt}/${truth.rw}`,
    kel_desa: truth.kel_desa,
    kecamatan: truth.kecamatan,
  },
  agama: truth.agama,
  status_perkawinan: truth.status_perkawinan,
  pekerjaan: truth.pekerjaan,
  kewarganegaraan: truth.kewarganegaraan,
  berlaku_hingga: truth.berlaku_hingga,
  provinsi: truth.provinsi,
  kabupaten_kota: truth.kabupaten_kota,
  gol_darah: truth.gol_darah,
});

describe('the specimens', () => {
  it('come back from /ktp-ocr/ with every field', async () => {
    const response = await platform.request('/ktp-ocr/', { method: 'POST', body: imageForm(exampleImage(1)) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(compatTruth(exampleTruth(1)));
    expect(response.headers.get('x-extraction-id')).toMatch(/^ext_/);
    for (const step of ['prepare', 'ocr', 'generate', 'assemble']) {
      expect(response.headers.get('server-timing')).toMatch(new RegExp(`${step};dur=[\\d.]+`));
    }
  });

  it.each(EXAMPLES)('number %i comes back as a job, with every field of the full shape', async (number) => {
    const id = await platform.submit(exampleImage(number), { reference_id: `example-${number}` });
    const job = await platform.finished(id);
    expect(job).toMatchObject({ status: 'succeeded', attempts: 1, error: null, reference_id: `example-${number}` });
    const values = Object.entries(job.result?.fields ?? {}).map(([name, field]) => [name, field.value]);
    expect(Object.fromEntries(values)).toEqual(exampleTruth(number));
    expect(job.result?.compat).toEqual(compatTruth(exampleTruth(number)));
    jobs.set(id, job);
  });
});

describe('a process is killed while cards are being read', () => {
  const parts: PartName[] = ['ktpflow-inference', 'temporal', 'ktpflow-api'];
  it.each(parts)('%s: every card succeeds, once', async (name) => {
    const finished = await extractWhile(() => kill(platform.part(name)));
    expect(finished.map(({ status }) => status)).toEqual(finished.map(() => 'succeeded'));
    for (const { result } of finished) expect(result?.fields.nik?.value).toBe(exampleTruth(1).nik);
    if (name === 'ktpflow-inference') expect(Math.max(...finished.map(({ attempts }) => attempts))).toBe(2);
    for (const { attempts } of finished) expect(attempts).toBeGreaterThanOrEqual(1);
    await expectReadOnce(
      platform,
      finished.map(({ id }) => id),
    );
    await platform.readyAgain();
  });
});

describe('the home', () => {
  it('is refused to a second platform', async () => {
    const second = new EmbeddedPlatform(home);
    expect(await second.ended()).toBe(1);
    expect(second.lines).toHaveLength(1);
    expect(second.lines[0]).toMatch(/is in use by ktpflow, process \d+/);
    expect((await platform.request('/readyz')).status).toBe(200);
  });

  async function everyJobIsThere(): Promise<void> {
    expect(jobs.size).toBeGreaterThan(0);
    for (const [id, job] of jobs) expect(await platform.job(id)).toEqual(job);
  }

  it('keeps finished cards over a Ctrl-C, which leaves no process', async () => {
    const tree = platform.tree();
    platform.kill('SIGINT');
    expect(await platform.ended()).toBe(0);
    expect(await gone(tree, 0)).toEqual([]);
    expect(platform.tree()).toEqual([]);
    platform = await EmbeddedPlatform.start(home);
    await everyJobIsThere();
  });

  it('keeps what was acknowledged over a kill -9 of the supervisor in the middle, and of everything', async () => {
    const ids = [await platform.submit(exampleImage(1)), await platform.submit(exampleImage(2))];
    await platform.running(ids[0]!);
    const before = platform;
    const tree = before.tree();
    expect(tree.length).toBeGreaterThanOrEqual(5);
    before.kill('SIGKILL');
    // At once: the new supervisor has to cope with what the old one left behind.
    platform = await EmbeddedPlatform.start(home);
    expect(await gone(tree, 10_000)).toEqual([]);
    for (const id of ids) {
      const job = await platform.finished(id);
      expect(job.status).toBe('succeeded');
      jobs.set(id, job);
    }
    await everyJobIsThere();
  });

  it('leaves no process within ten seconds after a kill -9 of the supervisor', async () => {
    const tree = platform.tree();
    platform.kill('SIGKILL');
    expect(await gone(tree, 10_000)).toEqual([]);
    expect(platform.tree()).toEqual([]);
  });
});
