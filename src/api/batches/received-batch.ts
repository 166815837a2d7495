import type { BatchPriority } from '../../contract/batch-workflow.ts';
import type { BlobReference } from '../../contract/blob-reference.ts';
import type { ExtractionOptions } from '../extractions/options.ts';
import type { RecordKey } from '../intake/image-upload.ts';
import type { WebhookTarget } from '../intake/webhook-target.ts';
import type { NewItem } from './new-item.ts';

/** A batch as it was handed in: what there is of its images in the blob store, everything checked. */
export interface ReceivedBatch {
  readonly source: 'images' | 'archive' | 'items';
  readonly key: RecordKey;
  readonly archive: BlobReference | null;
  readonly items: readonly NewItem[];
  /** Entries of the archive that are no items. */
  readonly skipped: number;
  readonly options: ExtractionOptions;
  readonly metadata: Record<string, string> | null;
  readonly webhook: WebhookTarget | null;
  readonly priority: BatchPriority;
  /** false: more items may come. */
  readonly sealed: boolean;
}
