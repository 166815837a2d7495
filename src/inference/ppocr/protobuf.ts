/**
 * A reader and writer of the protobuf wire format (protobuf.dev/programming-guides/encoding), just enough to read and
 * edit an ONNX file: onnxruntime-node shows neither a model's own metadata nor lets its weights be changed.
 */
export interface WireField {
  readonly number: number;
  readonly wireType: 0 | 1 | 2 | 5;
  /** Value of a varint field, else 0. */
  readonly varint: number;
  /** Payload of a length-delimited field or of a fixed one, else empty; a view, not a copy. */
  readonly payload: Uint8Array;
  /** The whole field with its tag, for copying it unchanged. */
  readonly bytes: Uint8Array;
}

/** Yields the fields of one message. Throws RangeError where the bytes are no message. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = message[offset++];
      if (byte === undefined) throw new RangeError('truncated protobuf message');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  };
  while (offset < message.length) {
    const start = offset;
    const tag = varint();
    const wireType = tag & 7;
    let value = 0;
    let size = 0;
    if (wireType === 0) value = varint();
    else if (wireType === 1) size = 8;
    else if (wireType === 5) size = 4;
    else if (wireType === 2) size = varint();
    else throw new RangeError(`protobuf wire type ${wireType} is not supported`);
    if (offset + size > message.length) throw new RangeError('truncated protobuf message');
    const payload = message.subarray(offset, offset + size);
    offset += size;
    yield {
      number: Math.floor(tag / 8),
      wireType: wireType as WireField['wireType'],
      varint: value,
      payload,
      bytes: message.subarray(start, offset),
    };
  }
}

export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

export function encodeVarintField(number: number, value: number): Uint8Array {
  return concatBytes([encodeVarint(number * 8), encodeVarint(value)]);
}

export function encodeBytesField(number: number, payload: Uint8Array): Uint8Array {
  return concatBytes([encodeVarint(number * 8 + 2), encodeVarint(payload.length), payload]);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/**
 * Copies a message, replacing fields: `edit` answers the new encoding of a field, null to drop it, or undefined to
 * keep it as it is.
 */
export function editMessage(
  message: Uint8Array,
  edit: (field: WireField) => Uint8Array | null | undefined,
): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of readFields(message)) {
    const replacement = edit(field);
    if (replacement === undefined) parts.push(field.bytes);
    else if (replacement !== null) parts.push(replacement);
  }
  return concatBytes(parts);
}
