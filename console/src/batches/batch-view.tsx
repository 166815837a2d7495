import { useState } from 'react';
import { Button } from 'react-aria-components';
import { EraseRecord } from '../erase-record.tsx';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';
import { RecordCard } from '../record-card.tsx';
import { saveFile } from '../save-file.ts';
import {
  type BatchItem,
  change,
  ITEM_STATUSES,
  type ItemStatus,
  isOver,
  readResults,
  retryItems,
} from './batch-api.ts';
import { BatchCounts } from './batch-counts.tsx';
import { FailureGroups } from './failure-groups.tsx';
import { ItemTable } from './item-table.tsx';
import { useBatch } from './use-batch.ts';

export interface BatchViewProps {
  readonly id: string;
  /** Whether this page is still handing in parts of it. */
  readonly isArriving: boolean;
  readonly onErased: () => void;
}

/** One batch, live: how far it is, what failed, every item, the results as files. */
export function BatchView({ id, isArriving, onErased }: BatchViewProps) {
  const { explain, locale, texts } = useLanguage();
  const { batches: words } = texts;
  const { batch, look, problem } = useBatch(id);
  const [status, setStatus] = useState<ItemStatus | null>(null);
  const [opened, setOpened] = useState<BatchItem | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);

  const act = async (action: () => Promise<unknown>) => {
    setBusy(true);
    setFault(null);
    try {
      await action();
      look();
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
  };
  const download = async (format: 'xlsx' | 'csv') => saveFile(await readResults(id, format), `${id}.${format}`);

  if (!batch) return <p className="notice">{explain(problem ?? texts.loading)}</p>;
  const { counts } = batch;
  const isPaused = batch.status === 'paused';
  const since = new Date(batch.created_at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const version = [batch.run, ...ITEM_STATUSES.map((name) => counts[name] ?? 0)].join(' ');
  return (
    <div className="batch">
      <header className="row">
        <h2 className="title">{since}</h2>
        <span className={`status ${batch.status}`} role="status">
          {words.statuses[batch.status]}
        </span>
        <span className="row end">
          {!isOver(batch) && batch.status !== 'cancelling' && (
            <>
              <Button isDisabled={isBusy} onPress={() => void act(() => change(id, isPaused ? 'resume' : 'pause'))}>
                {isPaused ? words.resume : words.pause}
              </Button>
              <Button isDisabled={isBusy} onPress={() => void act(() => change(id, 'cancel'))}>
                {words.cancel}
              </Button>
            </>
          )}
          <Button isDisabled={isBusy} onPress={() => void act(() => download('xlsx'))}>
            {words.download('XLSX')}
          </Button>
          <Button isDisabled={isBusy} onPress={() => void act(() => download('csv'))}>
            {words.download('CSV')}
          </Button>
          <EraseRecord path={`v1/ktp/batches/${id}`} record={id} onErased={onErased} onProblem={setFault} />
        </span>
      </header>
      <Problem of={fault ?? problem ?? batch.error} />
      {!batch.sealed && !isOver(batch) && !isArriving && (
        <p className="notice">
          {words.unsealed} <Button onPress={() => void act(() => change(id, 'seal'))}>{words.seal}</Button>
        </p>
      )}
      <BatchCounts batch={batch} />
      <FailureGroups batch={batch} onProblem={setFault} onRetry={(code) => void act(() => retryItems(id, code))} />
      <label className="inline">
        {words.table.filter}{' '}
        <select
          value={status ?? ''}
          onChange={(event) => setStatus(ITEM_STATUSES.find((name) => name === event.target.value) ?? null)}
        >
          <option value="">{words.table.all}</option>
          {ITEM_STATUSES.map((name) => (
            <option key={name} value={name}>
              {words.itemStatuses[name]}
            </option>
          ))}
        </select>
      </label>
      <ItemTable
        key={`${id} ${status}`}
        batchId={id}
        status={status}
        count={status ? (counts[status] ?? 0) : counts.total}
        version={version}
        isLive={!isOver(batch)}
        onOpen={setOpened}
        onProblem={setFault}
      />
      {opened && (
        <RecordCard
          record={opened.extraction_id}
          title={opened.name ?? words.item(opened.index + 1)}
          onClose={() => setOpened(null)}
        />
      )}
    </div>
  );
}
