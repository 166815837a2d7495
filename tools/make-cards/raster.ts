import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import sharp, { type Sharp } from 'sharp';

/** RGB picture, three floats a pixel, row by row. 0-255 in display (gamma) coding unless a function says linear. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

export type Rgb = readonly [number, number, number];

export function createRaster(width: number, height: number, fill: Rgb = [0, 0, 0]): Raster {
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set(fill, i);
  return { width, height, data };
}

export interface RgbaRaster extends Raster {
  /** 0-1, one a pixel. */
  readonly alpha: Float32Array;
}

/** Draws on a transparent canvas and takes its pixels with their alpha. */
export function drawWithAlpha(width: number, height: number, draw: (context: SKRSContext2D) => void): RgbaRaster {
  const context = createCanvas(width, height).getContext('2d');
  draw(context);
  const pixels = context.getImageData(0, 0, width, height).data;
  const data = new Float32Array(width * height * 3);
  const alpha = new Float32Array(width * height);
  for (let i = 0, j = 0, k = 0; k < alpha.length; i += 4, j += 3, k++) {
    data[j] = pixels[i] as number;
    data[j + 1] = pixels[i + 1] as number;
    data[j + 2] = pixels[i + 2] as number;
    alpha[k] = (pixels[i + 3] as number) / 255;
  }
  return { width, height, data, alpha };
}

/** Draws an opaque picture with the canvas API. */
export function drawRaster(width: number, height: number, draw: (context: SKRSContext2D) => void): Raster {
  const { data } = drawWithAlpha(width, height, draw);
  return { width, height, data };
}

function toBytes(raster: Raster): Buffer {
  const bytes = Buffer.alloc(raster.data.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Math.min(255, Math.max(0, Math.round(raster.data[i] as number)));
  }
  return bytes;
}

const asSharp = (raster: Raster) =>
  sharp(toBytes(raster), { raw: { width: raster.width, height: raster.height, channels: 3 } });

async function fromSharp(image: Sharp): Promise<Raster> {
  const { data, info } = await image.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: Float32Array.from(data) };
}

export interface JpegOptions {
  /** 1-100. */
  readonly quality: number;
  readonly chroma?: '4:2:0' | '4:4:4';
}

export function encodeJpeg(raster: Raster, options: JpegOptions): Promise<Buffer> {
  return asSharp(raster)
    .jpeg({ quality: Math.round(options.quality), chromaSubsampling: options.chroma ?? '4:2:0' })
    .toBuffer();
}

export async function decode(bytes: Uint8Array): Promise<Raster> {
  return fromSharp(sharp(bytes));
}

/** Area-averaging resize to a width in pixels. */
export async function resizeTo(raster: Raster, width: number): Promise<Raster> {
  const target = Math.max(1, Math.round(width));
  if (target === raster.width) return raster;
  return fromSharp(asSharp(raster).resize({ width: target, kernel: 'lanczos3' }));
}
