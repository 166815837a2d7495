import type { Caller } from '../access/caller.ts';
import type { RouteContext } from '../context.ts';
import { discardImage, type StoredImage } from './image-upload.ts';

/**
 * Takes a place among the requests that wait, once the image is in: a slow upload holds none.
 * @returns gives it back
 * @throws KtpflowError queue_full; nothing of the image is left then
 */
export async function admitReceived(
  context: Pick<RouteContext, 'admission' | 'blobs' | 'logger'>,
  caller: Caller,
  image: StoredImage,
): Promise<() => void> {
  try {
    return context.admission.enter(caller.tenant);
  } catch (error) {
    await discardImage(context, image.blob);
    throw error;
  }
}
