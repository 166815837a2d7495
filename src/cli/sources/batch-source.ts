import { openAsBlob } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { archiveKind, officeKind } from '../../batch/archive/document-kind.ts';
import { listFirstNames } from '../../batch/archive/list-entries.ts';
import { CliError, EXIT } from '../exit-codes.ts';
import { forTerminal } from '../output.ts';
import { decodeText } from './decode-text.ts';
import { readFolder } from './folder.ts';
import { isUrl, type Manifest, readManifest } from './manifest.ts';
import {
  type CheckedFile,
  checkFile,
  type FileProblem,
  isProblem,
  reasonOf,
  type SourceFile,
  shownPath,
} from './source-file.ts';

/** What a list says of an item besides its file. */
export interface Label {
  readonly custom_id: string | null;
  readonly metadata: Record<string, string> | null;
}

export interface Image extends CheckedFile {
  /** Of a list's row. */
  readonly label?: Label;
}

export type BatchContent =
  | { readonly kind: 'images'; readonly images: readonly Image[] }
  | { readonly kind: 'archive'; readonly file: CheckedFile }
  | {
      readonly kind: 'urls';
      readonly items: readonly (Label & { readonly image_url: string; readonly name: string })[];
    };

/** What a batch is made of, every file of it looked at. */
export interface BatchSource {
  readonly content: BatchContent;
  /** What should have been a card and cannot be sent, a sentence each. */
  readonly problems: readonly string[];
  /** What was left out because it is none, and what else should be known. */
  readonly remarks: readonly string[];
}

/** No picture or document of cards is so large, and with it the server would refuse all the others. */
const MOST_FILE_BYTES = 1024 ** 3;
/** A list is read into memory. */
const MAX_LIST_BYTES = 256 * 1024 * 1024;
const LIST_ENDINGS = new Set(['.csv', '.tsv', '.tab', '.txt']);
const TEXT_ENDINGS = new Set([
  ...LIST_ENDINGS,
  ...endings('json jsonl ndjson xml html htm log md ini cfg conf yml yaml rtf md5 sha1 sha256 aae xmp vcf eml sql'),
  ...endings('py js css sh bat cmd ps1'),
]);
/** What a phone keeps beside its pictures. */
const MEDIA_ENDINGS = new Set(endings('mp4 m4v mov avi mkv webm 3gp mpg mpeg wmv mp3 m4a aac wav ogg opus amr'));
const OFFICE_ENDINGS = new Set(['.xlsx', '.xlsm', '.docx', '.pptx', '.ods', '.odt']);
/** Names shown of a kind that was left out. */
const NAMES_SHOWN = 5;

/**
 * Looks at a folder, a ZIP file, a list or a single image, by what it is and not by what it is called.
 * @param except absolute paths of files that are none of the source: the results
 * @throws CliError where nothing of it can be sent
 */
export async function readSource(path: string, except: ReadonlySet<string> = new Set()): Promise<BatchSource> {
  const found = await stat(path).catch((error: unknown) => {
    throw new CliError(EXIT.usage, `${shownPath(path)} ${reasonOf(error)}`, { cause: error });
  });
  if (found.isDirectory()) return folderSource(path, except);
  const file = await checkFile({ path, name: basename(path) });
  const shown = shownPath(path);
  if (isProblem(file)) throw new CliError(EXIT.usage, `${shown} ${file.reason}`);
  if (file.size === 0) throw new CliError(EXIT.usage, `${shown} is empty`);
  const names = isPicture(file) ? [] : await namesInside(path, file);
  const kind = officeKind(names) ?? archiveKind(file.start);
  if (kind !== 'a ZIP archive' && kind !== null) throw new CliError(EXIT.usage, `${shown} is ${kind}: ${wayOut(kind)}`);
  // One that is called .zip and cannot be opened: the server says what is wrong with it.
  if (kind !== null || names.length > 0 || endingOf(file) === '.zip')
    return { content: { kind: 'archive', file }, problems: [], remarks: [] };
  if (LIST_ENDINGS.has(endingOf(file)) || decodeText(file.start) !== null) return listSource(path, file);
  return { content: { kind: 'images', images: [file] }, problems: [], remarks: [] };
}

function wayOut(kind: string): string {
  return kind.includes('archive')
    ? 'of archives only ZIP files are read. Unpack it, and give the folder'
    : 'a list has to be text. Save it as CSV (UTF-8), or put the pictures into a folder';
}

/** How JPEG, PNG, GIF, TIFF, WebP and BMP begin: a picture is one, whatever stands behind it. */
function isPicture({ start }: CheckedFile): boolean {
  return /^(ffd8ff|89504e47|47494638|49492a00|4d4d002a|52494646|424d)/.test(start.toString('hex', 0, 4));
}

/** Names of a ZIP's first entries; none: it is no ZIP. */
async function namesInside(path: string, { size }: CheckedFile): Promise<readonly string[]> {
  const blob = await openAsBlob(path);
  const read = async (start: number, length: number) =>
    Buffer.from(await blob.slice(start, start + length).arrayBuffer());
  return listFirstNames({ size, read });
}

async function folderSource(path: string, except: ReadonlySet<string>): Promise<BatchSource> {
  const { files, junk, links, problems } = await readFolder(path, except);
  const checked = await checkAll(files);
  const foreign: CheckedFile[] = [];
  const images: CheckedFile[] = [];
  for (const file of checked.good) (isNoCard(file) ? foreign : images).push(file);
  const allProblems = [...problems, ...checked.problems].map(sentenceOf);
  const remarks = [
    ...(junk > 0 ? [`left out: ${junk} of the system's and other programs' own files`] : []),
    ...(links.length > 0 ? [`left out: ${listed(links)}: links are not followed`] : []),
    ...(foreign.length > 0 ? [`left out: ${listed(foreign.map(({ name }) => name))}: no pictures`] : []),
  ];
  if (images.length === 0) throw nothingToSend(`${shownPath(path)} holds no pictures`, [...allProblems, ...remarks]);
  return { content: { kind: 'images', images }, problems: allProblems, remarks };
}

/** Texts, films, sounds and Office files: whatever else lies in the folder is sent, so that no card is passed over. */
function isNoCard(file: CheckedFile): boolean {
  const ending = endingOf(file);
  if (TEXT_ENDINGS.has(ending)) return file.size > 0 && !isPicture(file) && decodeText(file.start) !== null;
  if (MEDIA_ENDINGS.has(ending)) return file.size > 0 && !isPicture(file);
  const kind = archiveKind(file.start);
  return kind !== null && (OFFICE_ENDINGS.has(ending) || kind.includes('Office'));
}

async function listSource(path: string, file: CheckedFile): Promise<BatchSource> {
  if (file.size > MAX_LIST_BYTES) throw new CliError(EXIT.usage, `${shownPath(path)} is too large for a list`);
  const text = decodeText(await readFile(path));
  if (text === null) throw new CliError(EXIT.usage, `${shownPath(path)} is neither a list nor a picture`);
  const manifest = await readManifest(path, text);
  const { problems, remarks, rows } = manifest;
  if (rows.length === 0) throw nothingToSend(`${shownPath(path)} names no files`, problems);
  const urls = rows.filter((row) => isUrl(row.source)).length;
  if (urls === 0) return filesOfList(manifest, path);
  if (urls < rows.length) {
    throw new CliError(EXIT.usage, `${shownPath(path)} names files and URLs: make a list of each`);
  }
  const items = rows.map(({ customId, metadata, name, source }) => {
    return { custom_id: customId, metadata, image_url: source, name };
  });
  return { content: { kind: 'urls', items }, problems, remarks };
}

async function filesOfList({ problems, remarks, rows }: Manifest, path: string): Promise<BatchSource> {
  const files = rows.map(({ customId, metadata, name, source }) => {
    return { path: source, name, label: { custom_id: customId, metadata } };
  });
  const { good, problems: unreadable } = await checkAll(files);
  const allProblems = [...problems, ...unreadable.map(sentenceOf)];
  if (good.length === 0) throw nothingToSend(`no file of ${shownPath(path)} can be read`, allProblems);
  return { content: { kind: 'images', images: good }, problems: allProblems, remarks };
}

async function checkAll<File extends SourceFile>(files: readonly File[]) {
  const good: (File & CheckedFile)[] = [];
  const problems: FileProblem[] = [];
  for (const file of files) {
    const checked = await checkFile(file);
    if (isProblem(checked)) problems.push(checked);
    else if (checked.size > MOST_FILE_BYTES) problems.push({ name: file.name, reason: 'is far too large for a card' });
    else good.push({ ...file, ...checked });
  }
  return { good, problems };
}

export function sentenceOf({ name, reason }: FileProblem): string {
  return `${shownPath(name)} ${reason}`;
}

function nothingToSend(message: string, details: readonly string[]): CliError {
  return new CliError(EXIT.usage, [message, ...details].join('\n  '));
}

/** `a.txt, b.txt and 3 more` */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(forTerminal).join(', ');
  return names.length > NAMES_SHOWN ? `${shown} and ${names.length - NAMES_SHOWN} more` : shown;
}

function endingOf({ name }: SourceFile): string {
  return extname(name).toLowerCase();
}

function endings(names: string): string[] {
  return names.split(' ').map((name) => `.${name}`);
}
