import { Context } from '@temporalio/activity';
import sharp from 'sharp';
import { storeUprightPicture } from '../../src/activities/extraction/upright-picture.ts';
import type { InferenceActivities } from '../../src/contract/extraction-activities.ts';
import { resultContext } from '../../src/encryption/contexts.ts';
import { sealJson } from '../../src/encryption/keyring.ts';
import type { KtpResult } from '../../src/ktp/schema.ts';
import { readBlob } from '../../src/storage/blobs.ts';
import type { Platform } from './platform.ts';

/**
 * Stands in for the card reader: every picture is the same card, whose name is as sure as the picture is red (255: quite).
 */
export function doubtfulReader(platform: () => Platform, card: KtpResult): InferenceActivities['readCard'] {
  return async ({ blob, extractionId, keepUpright }) => {
    const { blobs, keyring } = platform();
    const image = await readBlob(blobs, blob);
    const { channels } = await sharp(image).stats();
    const confidence = Math.round(((channels[0]?.max ?? 255) / 255) * 100) / 100;
    const nama = { ...card.fields.nama, confidence, box: [0.2, 0.2, 0.8, 0.4] as [number, number, number, number] };
    const result: KtpResult = { ...card, fields: { ...card.fields, nama } };
    const wrappedKey = await blobs.wrappedKey(blob);
    const dataKey = keyring.unwrapDataKey(wrappedKey);
    const upright = keepUpright && (await storeUprightPicture(blobs, { dataKey, wrappedKey }, image, 0));
    return {
      sealedResult: Buffer.from(sealJson(dataKey, result, resultContext(extractionId))).toString('base64'),
      timings: { prepare: 1, ocr: 1, generate: 0, assemble: 1 },
      attempt: Context.current().info.attempt,
      startedAt: new Date().toISOString(),
      ...(upright !== undefined && { upright }),
    };
  };
}
