import sharp from 'sharp';
import { KtpflowError } from '../../errors.ts';
import { findDocument } from '../../media/documents/find-document.ts';
import { openDocument } from '../../media/documents/open-document.ts';
import type { CardReading } from '../card-reader/read-card.ts';
import { MAX_PAGES, type PictureReader } from './read-first-card.ts';

/** Cards on a page: ten fit on A4 at their true size. */
const MAX_CARDS_A_PAGE = 12;
/** What is painted over of a card that was read, against its frame: its edge, and no more of its neighbours. */
const COVER = 1.02;
/** Cards whose middles differ by less than this share of a card's height stand in one row. */
const SAME_ROW = 0.5;
const NO_CARD: ReadonlySet<string> = new Set(['not_a_ktp', 'quality_rejected']);

type Corners = NonNullable<CardReading['corners']>;

export interface FoundReading {
  readonly reading: CardReading;
  /** The picture or page that shows it. */
  readonly picture: Uint8Array;
}

/**
 * Reads every card of a picture, or of the first pages of a document, row by row: each that was read is painted over, and
 * the rest is looked at again, until no card is seen.
 * @throws KtpflowError as the pool's read where there is no card at all; invalid_image
 */
export async function readAllCards<Options extends { readonly signal?: AbortSignal }>(
  pool: PictureReader<Options, CardReading>,
  bytes: Uint8Array,
  options: Options,
): Promise<FoundReading[]> {
  const kind = await findDocument(bytes);
  if (kind === null) return readPicture(pool, bytes, options);
  const document = await openDocument(kind, bytes, options.signal);
  try {
    const found: FoundReading[] = [];
    const pages = Math.min(document.count, MAX_PAGES);
    for (let index = 0; index < pages; index++) {
      try {
        found.push(...(await readPicture(pool, await document.render(index), options)));
      } catch (error) {
        if (!isNoCard(error) || (index === pages - 1 && found.length === 0)) throw error;
      }
    }
    return found;
  } finally {
    document.close();
  }
}

/** @throws the error of the first look where it sees no card */
async function readPicture<Options>(
  pool: PictureReader<Options, CardReading>,
  picture: Uint8Array,
  options: Options,
): Promise<FoundReading[]> {
  const readings: CardReading[] = [];
  const covered: Corners[] = [];
  while (readings.length < MAX_CARDS_A_PAGE) {
    let reading: CardReading;
    try {
      reading = await pool.read(covered.length === 0 ? picture : await paintOver(picture, covered), options);
    } catch (error) {
      if (readings.length === 0 || !isNoCard(error)) throw error;
      break;
    }
    readings.push(reading);
    // Without its edges it cannot be told from what is left.
    if (!reading.corners) break;
    covered.push(reading.corners);
  }
  return readings.sort(byPlace).map((reading) => ({ reading, picture }));
}

async function paintOver(picture: Uint8Array, cards: readonly Corners[]): Promise<Uint8Array> {
  const upright = await sharp(picture).autoOrient().toBuffer({ resolveWithObject: true });
  const { height, width } = upright.info;
  const polygons = cards.map((corners) => {
    const middle = middleOf(corners);
    const points = corners.map(
      ({ x, y }) => `${(middle.x + COVER * (x - middle.x)) * width},${(middle.y + COVER * (y - middle.y)) * height}`,
    );
    return `<polygon points="${points.join(' ')}" fill="white"/>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${polygons.join('')}</svg>`;
  return sharp(upright.data)
    .composite([{ input: Buffer.from(svg) }])
    .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

function middleOf(corners: Corners): { x: number; y: number } {
  return {
    x: corners.reduce((sum, { x }) => sum + x, 0) / corners.length,
    y: corners.reduce((sum, { y }) => sum + y, 0) / corners.length,
  };
}

/** Row by row, each from the left. */
function byPlace({ corners: one }: CardReading, { corners: other }: CardReading): number {
  if (!one || !other) return one ? -1 : 1;
  const [p, q] = [middleOf(one), middleOf(other)];
  const heights = [one, other].map((corners) => {
    const ys = corners.map(({ y }) => y);
    return Math.max(...ys) - Math.min(...ys);
  });
  return Math.abs(p.y - q.y) < SAME_ROW * Math.min(...heights) ? p.x - q.x : p.y - q.y;
}

function isNoCard(error: unknown): boolean {
  return error instanceof KtpflowError && NO_CARD.has(error.code);
}
