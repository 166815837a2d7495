import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { useLanguage } from '../language.tsx';
import type { BatchItem, ItemStatus } from './batch-api.ts';
import { useItemPages } from './item-pages.ts';

const ROW_HEIGHT = 38;

export interface ItemTableProps {
  readonly batchId: string;
  readonly status: ItemStatus | null;
  /** Rows that there are. */
  readonly count: number;
  /** Changes whenever rows may have changed. */
  readonly version: string;
  readonly isLive: boolean;
  readonly onOpen: (item: BatchItem) => void;
  readonly onProblem: (error: unknown) => void;
}

/** The items of a batch in their order. Only rows in sight are drawn and loaded; it scrolls to any place at once. */
export function ItemTable({ batchId, count, isLive, onOpen, onProblem, status, version }: ItemTableProps) {
  const { texts } = useLanguage();
  const { table } = texts.batches;
  const scroller = useRef<HTMLElement>(null);
  const { itemAt, show } = useItemPages(batchId, status, { version, isLive }, onProblem);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 6,
  });
  const drawn = rows.getVirtualItems();
  const first = drawn[0]?.index ?? 0;
  const last = drawn.at(-1)?.index ?? 0;
  useEffect(() => show(first, last), [first, last, show]);

  const above = drawn[0]?.start ?? 0;
  const below = rows.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and has to by keyboard too
    <section className="item-table" ref={scroller} tabIndex={0} aria-label={table.label}>
      <table aria-label={table.label} aria-rowcount={count + 1}>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="number">
              #
            </th>
            <th scope="col">{table.name}</th>
            <th scope="col" className="state">
              {table.status}
            </th>
            <th scope="col" className="reason">
              {table.reason}
            </th>
            <th scope="col" className="action">
              <span className="unseen">{table.open}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          <Gap height={above} />
          {drawn.map(({ index }) => (
            <Row key={index} index={index} item={itemAt(index)} onOpen={onOpen} />
          ))}
          <Gap height={below} />
        </tbody>
      </table>
    </section>
  );
}

/** Room of the rows that are not drawn. */
function Gap({ height }: { readonly height: number }) {
  return (
    <tr className="gap">
      <td style={{ height }} />
    </tr>
  );
}

interface RowProps {
  readonly index: number;
  readonly item: BatchItem | undefined;
  readonly onOpen: (item: BatchItem) => void;
}

function Row({ index, item, onOpen }: RowProps) {
  const { explain, locale, texts } = useLanguage();
  const { table } = texts.batches;
  const reason = item?.error ? explain(item.error) : undefined;
  const number = ((item?.index ?? index) + 1).toLocaleString(locale);
  return (
    <tr aria-rowindex={index + 2}>
      <td className="figure">{number}</td>
      <td title={item?.name ?? undefined}>{item ? (item.name ?? item.custom_id ?? '—') : '…'}</td>
      <td>{item && <Status status={item.status} />}</td>
      <td className="reason" title={reason}>
        {reason}
      </td>
      <td>
        {item && (item.status === 'succeeded' || item.status === 'needs_review') && (
          <button type="button" className="quiet" onClick={() => onOpen(item)}>
            {table.open}
            <span className="unseen"> {number}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

function Status({ status }: { readonly status: ItemStatus }) {
  const { texts } = useLanguage();
  return <span className={`status ${status}`}>{texts.batches.itemStatuses[status]}</span>;
}
