import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../deploy/seaweedfs/create-bucket.sh', import.meta.url));

/** Prints what SeaweedFS's shell prints: where it is, and a prompt before each answer, whether or not there is one. */
const SHELL_OF_SEAWEEDFS = `#!/bin/sh
read -r command rest
printf 'master: s3:9333 filers: [s3:8888]\\n> '
case $command in
  s3.bucket.list) [ ! -e "$STORE/made" ] || printf '  %s\\tsize:0\\tchunk:0\\n' "$(cat "$STORE/made")" ;;
  s3.bucket.create) printf '%s' "\${rest#-name }" > "$STORE/made" ;;
esac
printf '> '
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-bucket-'));
  writeFileSync(join(folder, 'weed'), SHELL_OF_SEAWEEDFS);
  chmodSync(join(folder, 'weed'), 0o755);
});

afterEach(() => rmSync(folder, { recursive: true }));

function createBucket(): number | null {
  const env = { PATH: `${folder}:${process.env.PATH}`, STORE: folder, S3_BUCKET: 'ktpflow' };
  return spawnSync('/bin/sh', [SCRIPT], { env, timeout: 10_000 }).status;
}

it('makes the bucket in an empty store: the shell says something even where it lists nothing', () => {
  expect(createBucket()).toBe(0);
  expect(existsSync(join(folder, 'made'))).toBe(true);
});

it('makes it where only one of a longer name is there', () => {
  writeFileSync(join(folder, 'made'), 'ktpflow-old');

  expect(createBucket()).toBe(0);
});

it('leaves the bucket of an earlier start alone', () => {
  writeFileSync(join(folder, 'made'), 'ktpflow');
  writeFileSync(join(folder, 'weed'), SHELL_OF_SEAWEEDFS.replace('s3.bucket.create)', 's3.bucket.create) exit 1; '));

  expect(createBucket()).toBe(0);
});
