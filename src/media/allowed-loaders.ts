import sharp from 'sharp';

/** libvips' loaders of the formats that probeImage lets through. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Tiff', 'Nsgif'].map((name) => `VipsForeignLoad${name}`);

/**
 * Takes every other loader that libvips was built with (SVG, HEIF, PDF, matrices and tables of text, its own format)
 * away from this process, its threads included: API and worker hold the keys, and look at the bytes of strangers.
 */
export function blockOtherLoaders(): void {
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
}
