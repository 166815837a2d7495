import { doubtfulFields } from '../../ktp/combine-looks.ts';
import { FIELD_NAMES } from '../../ktp/field-names.ts';
import type { KtpReading } from '../../ktp/read-ktp.ts';
import type { PageSize, TextLine } from '../../text-lines/text-line.ts';
import { centreOf } from './centre-of.ts';

/** Fields told with less are looked at once more. */
const CERTAIN = 0.97;
/** So many fields in doubt tell of a picture that spoils them all. */
const FEW = 2;

/**
 * The lines of a card's page that a second look need not read again: those beside the rows of fields that are not quite
 * certain. None where more than a few fields are in doubt, or one whose place is not known.
 */
export function settledLines(
  lines: readonly TextLine[],
  { fields }: Pick<KtpReading, 'fields'>,
  page: PageSize,
): readonly TextLine[] {
  const doubtful = doubtfulFields(fields);
  if (doubtful.length > FEW || doubtful.some((name) => !fields[name].box)) return [];
  const open = FIELD_NAMES.flatMap((name) => {
    const { box, confidence } = fields[name];
    return box && confidence < CERTAIN ? [{ top: box[1] * page.height, bottom: box[3] * page.height }] : [];
  });
  return lines.filter(({ quad }) => {
    const { y } = centreOf(quad);
    return !open.some(({ bottom, top }) => y > top && y < bottom);
  });
}
