import { Context } from '@temporalio/activity';
import sharp from 'sharp';
import type { InferenceActivities } from '../../src/contract/extraction-activities.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { sealJson } from '../../src/encryption/keyring.ts';
import { KtpflowError } from '../../src/errors.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { readBlob } from '../../src/storage/blobs.ts';
import type { Platform } from './platform.ts';

/** A picture of one colour; black ones are no cards. */
export function picture(red: number, green = 0, blue = 0): Promise<Buffer> {
  return sharp({ create: { width: 40, height: 25, channels: 3, background: { r: red, g: green, b: blue } } })
    .png()
    .toBuffer();
}

/** Stands in for the card reader: every picture is the same card, or two of them for who asks for all; black is none. */
export class ColourReader {
  /** Ids in the order in which they were read. */
  reads: string[] = [];
  /** Milliseconds that a card takes. */
  slow = 0;

  readonly #platform: () => Platform;
  readonly #result: KtpResult;

  constructor(platform: () => Platform, result: KtpResult) {
    this.#platform = platform;
    this.#result = result;
  }

  readonly readCard: InferenceActivities['readCard'] = async ({ blob, cards, extractionId }) => {
    const { blobs, keyring } = this.#platform();
    this.reads.push(extractionId);
    if (this.slow > 0) await Context.current().sleep(this.slow);
    const { channels } = await sharp(await readBlob(blobs, blob)).stats();
    if (channels.every((channel) => channel.max === 0)) {
      throw new KtpflowError('not_a_ktp', 'No KTP was found in the image.');
    }
    const key = keyring.unwrapDataKey(await blobs.wrappedKey(blob));
    const seal = () => Buffer.from(sealJson(key, this.#result, resultContext(extractionId))).toString('base64');
    return {
      sealedResult: seal(),
      ...(cards === 'all' && { sealedOthers: [seal()] }),
      timings: { prepare: 1, ocr: 1, generate: 0, assemble: 1 },
      attempt: Context.current().info.attempt,
      startedAt: new Date().toISOString(),
    };
  };
}
