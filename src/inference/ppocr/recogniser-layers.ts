import type { QuantisedLayer } from './quantise.ts';

/** Weights of the layer over two joined values of 48 channels each. */
export const OVER_JOINED = 'conv2d_71.w_0';

/**
 * The layers in which PP-OCRv6's small recogniser spends two thirds of its time, with the ranges of their values on drawn
 * cards: a seventh more than what all but two values of 10,000 keep to, since a wider step for the few costs the many more
 * than clipping them does. Before a Gelu nothing below -4 matters.
 */
export const RECOGNISER_LAYERS: readonly QuantisedLayer[] = [
  { weights: 'conv2d_87.w_0', input: [-0.17, 2.99], output: [-2.2, 2.01] },
  { weights: 'conv2d_90.w_0', input: [-0.75, 0.78], output: [-3.19, 1.23] },
  { weights: 'conv2d_91.w_0', input: [-0.17, 1.05], output: [-2.94, 2.44] },
  { weights: 'conv2d_94.w_0', input: [-1.24, 1.2], output: [-4, 1] },
  { weights: 'conv2d_95.w_0', input: [-0.17, 0.82], output: [-2.89, 6.27] },
  { weights: 'conv2d_98.w_0', input: [-1.39, 1.28], output: [-3.61, 2.16] },
  { weights: 'conv2d_99.w_0', input: [-0.17, 2.1], output: [-2.36, 2.28] },
  { weights: 'conv2d_102.w_0', input: [-1.26, 1.16], output: [-3.77, 1.14] },
  { weights: 'conv2d_103.w_0', input: [-0.17, 0.95], output: [-4.11, 3.63] },
  { weights: 'conv2d_106.w_0', input: [-0.55, 0.79], output: [-4, 2.21] },
  { weights: 'conv2d_107.w_0', input: [-0.17, 2.14], output: [-2.68, 2.69] },
  { weights: 'conv2d_110.w_0', input: [-1.77, 1.37], output: [-3.09, 1.15] },
  { weights: 'conv2d_111.w_0', input: [-0.17, 0.97], output: [-4.35, 4.01] },
  { weights: 'conv2d_113.w_0', input: [-2.44, 2.71], output: [-4, 3.23] },
  { weights: 'conv2d_114.w_0', input: [-0.17, 3.22], output: [-1.56, 2.14] },
  { weights: 'conv2d_117.w_0', input: [-0.87, 0.72], output: [-3.98, 1.72] },
  { weights: 'conv2d_118.w_0', input: [-0.17, 1.61], output: [-3.4, 3.31] },
  { weights: 'conv2d_121.w_0', input: [-5.86, 5.3], output: [-4, 2.2] },
  { weights: 'conv2d_122.w_0', input: [-0.17, 2.14], output: [-8.71, 9.2] },
];
