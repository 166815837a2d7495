import { call, read } from '../api.ts';

export const ITEM_STATUSES = ['queued', 'running', 'needs_review', 'succeeded', 'failed', 'cancelled'] as const;
export type ItemStatus = (typeof ITEM_STATUSES)[number];

export interface Batch {
  readonly id: string;
  readonly status: 'validating' | 'running' | 'paused' | 'cancelling' | 'completed' | 'cancelled' | 'failed';
  /** They add up; `needs_review` is missing where no card can wait. */
  readonly counts: Readonly<Record<Exclude<ItemStatus, 'needs_review'> | 'total', number>> & {
    readonly needs_review?: number;
  };
  readonly created_at: string;
  readonly expires_at: string;
  readonly sealed: boolean;
  readonly run: number;
  readonly throughput: number | null;
  readonly eta_seconds: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface BatchItem {
  readonly index: number;
  readonly custom_id: string | null;
  readonly name: string | null;
  readonly status: ItemStatus;
  readonly attempts: number;
  readonly extraction_id: string;
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly count: number;
}

interface List<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

export const BATCHES = 'v1/ktp/batches';
export const ITEMS_PAGE = 100;

export function isOver({ status }: Batch): boolean {
  return status === 'completed' || status === 'cancelled' || status === 'failed';
}

export function listBatches(cursor: string | null): Promise<List<Batch>> {
  return read(`${BATCHES}?limit=100${cursor === null ? '' : `&cursor=${cursor}`}`);
}

export function readBatch(id: string, signal: AbortSignal): Promise<Batch> {
  return read(`${BATCHES}/${id}`, { signal });
}

/** A page of the table, from any place of it. */
export async function readItems(id: string, status: ItemStatus | null, page: number): Promise<readonly BatchItem[]> {
  const query = new URLSearchParams({ limit: String(ITEMS_PAGE), offset: String(page * ITEMS_PAGE) });
  if (status) query.set('status', status);
  return (await read<List<BatchItem>>(`${BATCHES}/${id}/items?${query}`)).data;
}

export async function listFailures(id: string): Promise<readonly Failure[]> {
  return (await read<List<Failure>>(`${BATCHES}/${id}/failures`)).data;
}

/** Reads failed items again: those of one reason, or all. */
export function retryItems(id: string, code: string | null): Promise<Batch> {
  return read(`${BATCHES}/${id}/retry`, { method: 'POST', ...(code !== null && { json: { codes: [code] } }) });
}

export function change(id: string, what: 'pause' | 'resume' | 'cancel' | 'seal'): Promise<Batch> {
  return read(`${BATCHES}/${id}/${what}`, { method: 'POST' });
}

/** All results as one file. */
export async function readResults(id: string, format: 'xlsx' | 'csv'): Promise<Blob> {
  const query = format === 'csv' ? 'format=csv&spreadsheet=1' : 'format=xlsx';
  return (await call(`${BATCHES}/${id}/results?${query}`)).blob();
}
