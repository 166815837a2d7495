import '../refuse-telemetry.ts';
import { InferenceSession } from 'onnxruntime-node';

/**
 * Creates an ONNX session for variable input sizes on few cores: no spinning (idle threads would burn the cores that
 * other work needs), and no arena (it keeps what the largest shape ever seen took, where that is not wanted) or memory
 * pattern.
 */
export function createSession(
  model: Uint8Array,
  intraOpThreads: number,
  { keepsMemory = false }: { keepsMemory?: boolean } = {},
): Promise<InferenceSession> {
  return InferenceSession.create(model, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    enableCpuMemArena: keepsMemory,
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        // The quick way of adding bytes: quantise.ts sees to it that it overflows nowhere.
        x64quantprecision: '0',
      },
    },
  });
}

/** Runs a model of one input and one output of 32-bit floats. */
export async function runSession(
  session: InferenceSession,
  input: InstanceType<typeof import('onnxruntime-node').Tensor>,
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  const inputName = session.inputNames[0];
  const outputName = session.outputNames[0];
  if (inputName === undefined || outputName === undefined) throw new RangeError('the model has no input or output');
  const outputs = await session.run({ [inputName]: input });
  const output = outputs[outputName];
  if (!(output?.data instanceof Float32Array)) throw new RangeError('the model answers no 32-bit floats');
  return { data: output.data, dims: output.dims };
}
