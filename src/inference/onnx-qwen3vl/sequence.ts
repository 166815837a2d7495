import type { Qwen3VlGraphs, VisualFeatures } from './graphs.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { type Patches, tokensOf } from './patches.ts';
import { type PlaceholderIds, type RopePositions, ropePositions } from './positions.ts';

export interface SequenceInput {
  readonly ids: readonly number[];
  readonly media: readonly (Patches & { readonly kind: 'image' | 'video' })[];
  readonly placeholders: PlaceholderIds;
  /** Tokens of the prompt that are read in one call. */
  readonly chunkTokens: number;
}

/** Which token of which picture a place of the prompt shows. */
interface VisualPlace {
  readonly medium: number;
  readonly token: number;
}

/**
 * One answer on its way through the model, in steps of bounded length: a picture is encoded, a part of the prompt is
 * read, or a token is fed. Between any two steps another answer may have its turn.
 */
export class Sequence {
  readonly #graphs: Qwen3VlGraphs;
  readonly #ids: readonly number[];
  readonly #chunkTokens: number;
  readonly #positions: RopePositions;
  readonly #places: readonly (VisualPlace | null)[];
  readonly #cache: KeyValueCache;
  /** Pictures that are still to be encoded. */
  #media: SequenceInput['media'];
  #encoded: VisualFeatures[] = [];
  #read = 0;
  #nextPosition: number;

  /** @throws RangeError where placeholders and pictures differ */
  constructor(graphs: Qwen3VlGraphs, { ids, media, placeholders, chunkTokens }: SequenceInput) {
    this.#graphs = graphs;
    this.#ids = ids;
    this.#media = media;
    this.#chunkTokens = chunkTokens;
    const grids = (kind: 'image' | 'video') => media.flatMap((medium) => (medium.kind === kind ? [medium.grid] : []));
    this.#positions = ropePositions(ids, placeholders, { images: grids('image'), videos: grids('video') });
    this.#places = placesOf(ids, media, placeholders);
    this.#nextPosition = this.#positions.next;
    this.#cache = new KeyValueCache(graphs);
  }

  /** The next step of reading the prompt. @returns the logits of the first token after the last step, else null */
  async readOn(): Promise<Float32Array | null> {
    const [medium, ...rest] = this.#media;
    if (medium) {
      this.#encoded.push(await this.#graphs.encode(medium));
      this.#media = rest;
      return null;
    }
    const from = this.#read;
    const end = Math.min(this.#ids.length, from + this.#chunkTokens);
    const [time, height, width] = this.#positions.rows;
    const rows = [time.subarray(from, end), height.subarray(from, end), width.subarray(from, end)] as const;
    const logits = await this.#decode(this.#ids.slice(from, end), rows, this.#places.slice(from, end));
    this.#read = end;
    if (end < this.#ids.length) return null;
    // The pictures are in the caches now.
    this.#encoded = [];
    return logits;
  }

  /** Feeds a token of the answer. It is text, whatever its id: an answer shows no pictures. */
  feed(id: number): Promise<Float32Array> {
    const position = Int32Array.of(this.#nextPosition++);
    return this.#decode([id], [position, position, position], [null]);
  }

  async #decode(
    ids: readonly number[],
    positions: readonly [Int32Array, Int32Array, Int32Array],
    places: readonly (VisualPlace | null)[],
  ): Promise<Float32Array> {
    const embeds = await this.#graphs.embed(ids);
    const deepstack = this.#merge(embeds, places);
    const call = { embeds, positions, deepstack, past: this.#cache.length };
    const { logits, output } = await this.#graphs.decode(call, this.#cache.tensors);
    this.#cache.append(ids.length, output);
    return logits;
  }

  /** Puts the pictures' rows over those of their placeholders. @returns what DeepStack adds, null: nothing */
  #merge(embeds: Float32Array, places: readonly (VisualPlace | null)[]): Float32Array[] | null {
    if (places.every((place) => place === null)) return null;
    const { hiddenSize, taps } = this.#graphs;
    const added = Array.from({ length: taps }, () => new Float32Array(places.length * hiddenSize));
    for (const [at, place] of places.entries()) {
      const picture = place && this.#encoded[place.medium];
      if (!place || !picture) continue;
      const row = (data: Float32Array) => data.subarray(place.token * hiddenSize, (place.token + 1) * hiddenSize);
      embeds.set(row(picture.features), at * hiddenSize);
      for (const [tap, data] of added.entries()) {
        const features = picture.deepstack?.[tap];
        if (features) data.set(row(features), at * hiddenSize);
      }
    }
    return taps === 0 ? null : added;
  }
}

function placesOf(
  ids: readonly number[],
  media: SequenceInput['media'],
  placeholders: PlaceholderIds,
): (VisualPlace | null)[] {
  const queue = (kind: 'image' | 'video') =>
    media.flatMap((entry, medium) =>
      entry.kind === kind ? Array.from({ length: tokensOf(entry.grid) }, (_, token) => ({ medium, token })) : [],
    );
  const images = queue('image').values();
  const videos = queue('video').values();
  return ids.map((id) => {
    if (id === placeholders.image) return images.next().value ?? null;
    return id === placeholders.video ? (videos.next().value ?? null) : null;
  });
}
