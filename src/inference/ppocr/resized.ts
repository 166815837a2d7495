import type { Tensor } from './onnx-messages.ts';

/** A tensor of four dimensions with noughts where it had none. */
export function resized({ dims, values }: Tensor, wanted: readonly number[]): Tensor {
  const [, inputs = 0, height = 0, width = 0] = dims;
  const [outputs = 0, channels = 0] = wanted;
  const plane = height * width;
  const all = new Float32Array(outputs * channels * plane);
  for (let output = 0; output < (dims[0] ?? 0); output++) {
    const own = values.subarray(output * inputs * plane, (output + 1) * inputs * plane);
    all.set(own, output * channels * plane);
  }
  return { dims: wanted, values: all };
}
