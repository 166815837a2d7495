import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Evaluation, WrongField } from './evaluate.ts';
import { figures, SURE, total } from './metrics.ts';

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)}`;

/** Text in columns: the first to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const HEADER = ['level', 'reader', 'cards', 'fields %', 'whole %', 'NIK %', 'CER %', 'sure+wrong %', 'refused %'];

function levelRows(evaluations: readonly Evaluation[]): string[][] {
  const keys = [...new Set(evaluations.flatMap((evaluation) => [...evaluation.levels.keys()]))];
  const row = (name: string, reader: string, of: ReturnType<typeof figures>): string[] => [
    name,
    reader,
    String(of.cards),
    percent(of.fields),
    percent(of.wholeCards),
    percent(of.niks),
    percent(of.characterErrors, 2),
    percent(of.surelyWrong, 2),
    percent(of.refused),
  ];
  const rows = keys.flatMap((key) =>
    evaluations.map((evaluation) => {
      const tally = evaluation.levels.get(key);
      return row(key, evaluation.reader, figures(tally ?? total([])));
    }),
  );
  const sums = evaluations.map((evaluation) =>
    row('all levels', evaluation.reader, figures(total(evaluation.levels.values()))),
  );
  return [HEADER, ...rows, ...sums];
}

function reliabilityRows(evaluation: Evaluation): string[][] {
  const rows = evaluation.bins
    .filter((bin) => bin.answers > 0)
    .map((bin) => [
      `${bin.from.toFixed(2)}-${Math.min(1, bin.to).toFixed(2)}`,
      String(bin.answers),
      percent(bin.confidence / bin.answers),
      percent(bin.right / bin.answers),
    ]);
  return [['said', 'answers', 'mean said %', 'right %'], ...rows];
}

function fieldRows(evaluation: Evaluation): string[][] {
  const rows = [...evaluation.fields].map(([field, tally]) => [
    field,
    percent(tally.right / Math.max(1, tally.cards)),
    percent(tally.sure / Math.max(1, tally.cards)),
    tally.sure === 0 ? '-' : percent(tally.sureAndRight / tally.sure, 2),
  ]);
  return [['field', 'right %', 'said sure %', 'right of sure %'], ...rows];
}

/** The tables that the bench prints. */
export function textReport(evaluations: readonly Evaluation[]): string {
  const parts = [table(levelRows(evaluations))];
  const costs = evaluations.map((evaluation) => {
    const sure = evaluation.bins.filter((bin) => bin.from >= SURE);
    const answers = sure.reduce((sum, bin) => sum + bin.answers, 0);
    const right = sure.reduce((sum, bin) => sum + bin.right, 0);
    return [
      evaluation.reader,
      evaluation.secondsPerCard.toFixed(2),
      evaluation.medianSeconds.toFixed(2),
      String(evaluation.peakRssMb),
      `${evaluation.negatives.accepted.length}/${evaluation.negatives.pictures}`,
      String(evaluation.falseRejects.length),
      answers === 0 ? '-' : percent(right / answers, 2),
      String(evaluation.failures.length),
    ];
  });
  const columns = [
    'reader',
    's/card',
    'median s',
    'peak MB',
    'false accepts',
    'false rejects',
    'right of sure %',
    'failures',
  ];
  parts.push(table([columns, ...costs]));
  for (const evaluation of evaluations) {
    parts.push(`Fields of ${evaluation.reader}\n${table(fieldRows(evaluation))}`);
    parts.push(`Reliability of ${evaluation.reader}\n${table(reliabilityRows(evaluation))}`);
  }
  for (const evaluation of evaluations) {
    if (evaluation.negatives.accepted.length > 0) {
      parts.push(`${evaluation.reader} took for KTPs: ${evaluation.negatives.accepted.join(', ')}`);
    }
    if (evaluation.falseRejects.length > 0) {
      parts.push(`${evaluation.reader} refused: ${evaluation.falseRejects.join(', ')}`);
    }
    if (evaluation.failures.length > 0) parts.push(`${evaluation.reader} failed: ${evaluation.failures.join(', ')}`);
  }
  return parts.join('\n\n');
}

/** Everything as data. */
export function jsonReport(evaluations: readonly Evaluation[], settings: object): string {
  const readers = evaluations.map((evaluation) => ({
    reader: evaluation.reader,
    secondsPerCard: evaluation.secondsPerCard,
    medianSeconds: evaluation.medianSeconds,
    peakRssMb: evaluation.peakRssMb,
    all: figures(total(evaluation.levels.values())),
    levels: Object.fromEntries([...evaluation.levels].map(([key, tally]) => [key, figures(tally)])),
    fields: Object.fromEntries(evaluation.fields),
    negatives: evaluation.negatives,
    falseRejects: evaluation.falseRejects,
    failures: evaluation.failures,
    reliability: evaluation.bins,
    wrong: evaluation.wrong.map(({ picture, ...rest }) => ({ picture: picture.id, ...rest })),
  }));
  return `${JSON.stringify({ settings, readers }, null, 2)}\n`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The part of the picture where the value stands, with some room, as a data URL. */
async function crop(entry: WrongField): Promise<string> {
  if (entry.picture.truth.document !== 'ktp') return '';
  const quad = entry.picture.truth.quads[entry.field];
  if (quad === undefined) return '';
  const image = sharp(entry.picture.path);
  const { width, height } = await image.metadata();
  const xs = quad.map(([x]) => x);
  const ys = quad.map(([, y]) => y);
  const [w, h] = [Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys)];
  const pad = Math.max(12, Math.min(w, h) * 1.2);
  const left = Math.round(Math.min(width - 2, Math.max(0, Math.min(...xs) - pad)));
  const top = Math.round(Math.min(height - 2, Math.max(0, Math.min(...ys) - pad)));
  const right = Math.round(Math.min(width, Math.max(left + 2, Math.max(...xs) + pad)));
  const bottom = Math.round(Math.min(height, Math.max(top + 2, Math.max(...ys) + pad)));
  const bytes = await image
    .extract({ left, top, width: right - left, height: bottom - top })
    .resize({ width: Math.min(640, 2 * (right - left)), withoutEnlargement: false })
    .jpeg({ quality: 85 })
    .toBuffer();
  return `data:image/jpeg;base64,${bytes.toString('base64')}`;
}

/** A page with the worst readings as pictures, for a person to look at. */
export async function htmlReport(evaluations: readonly Evaluation[], limit: number): Promise<string> {
  const sections: string[] = [];
  for (const evaluation of evaluations) {
    const rows: string[] = [];
    for (const entry of evaluation.wrong.slice(0, limit)) {
      const cells = [
        `${entry.picture.id}<br><b>${entry.field}</b> ${entry.verdict}`,
        `<img src="${await crop(entry)}" alt="">`,
        escapeHtml(entry.expected ?? '(hidden)'),
        escapeHtml(entry.read ?? '-'),
        entry.confidence?.toFixed(3) ?? '',
      ];
      rows.push(`<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`);
    }
    sections.push(
      `<h2>${evaluation.reader}: ${evaluation.wrong.length} fields not right</h2><table>` +
        `<tr><th>picture</th><th>where it stands</th><th>truth</th><th>read</th><th>confidence</th></tr>${rows.join('')}</table>`,
    );
  }
  const style = 'body{font:14px sans-serif}td{border-bottom:1px solid #ccc;padding:4px 10px}img{max-width:640px}';
  return (
    `<!doctype html><meta charset="utf-8"><title>accuracy</title><style>${style}</style>` +
    `<pre>${escapeHtml(textReport(evaluations))}</pre>${sections.join('')}`
  );
}

/** Writes report.json and report.html. */
export async function writeReports(
  folder: string,
  evaluations: readonly Evaluation[],
  settings: object,
  crops: number,
): Promise<void> {
  await writeFile(join(folder, 'report.json'), jsonReport(evaluations, settings));
  await writeFile(join(folder, 'report.html'), await htmlReport(evaluations, crops));
}
