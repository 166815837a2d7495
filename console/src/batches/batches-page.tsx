import { useCallback, useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from '../language.tsx';
import { type Batch, listBatches } from './batch-api.ts';
import { BatchUpload } from './batch-upload.tsx';
import { BatchView } from './batch-view.tsx';
import './batches.css';
import { Problem } from '../problem.tsx';

const LOOK_MS = 5_000;

export interface BatchesPageProps {
  /** The batch that the address names: its id, which says nothing of a person. */
  readonly id: string | null;
}

/** Many cards at once: handing them in on the left, and one batch beside it. */
export function BatchesPage({ id }: BatchesPageProps) {
  const { locale, texts } = useLanguage();
  const { batches: words } = texts;
  const [batches, setBatches] = useState<readonly Batch[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [arriving, setArriving] = useState<string | null>(null);

  const load = useCallback(() => {
    listBatches(null).then((page) => {
      setFault(null);
      const oldest = page.data.at(-1)?.created_at ?? '';
      const isAll = page.next_cursor === null;
      setBatches((known) => [...page.data, ...(isAll ? [] : (known ?? []).filter((old) => old.created_at < oldest))]);
      setCursor((known) => known ?? page.next_cursor);
    }, setFault);
  }, []);
  useEffect(() => {
    load();
    const timer = setInterval(load, LOOK_MS);
    return () => clearInterval(timer);
  }, [load]);
  const open = (batch: string | null) => {
    location.hash = batch === null ? 'batches' : `batches/${batch}`;
  };
  return (
    <div className={id === null ? 'batches' : 'batches at-work'}>
      <aside>
        <BatchUpload
          onBegun={(begun) => {
            setArriving(begun);
            load();
            open(begun);
          }}
          onSent={() => setArriving(null)}
        />
        <h2>{words.list}</h2>
        {batches?.length === 0 && <p className="help">{words.none}</p>}
        <ul className="batch-list" aria-label={words.list}>
          {batches?.map((batch) => (
            <li key={batch.id}>
              <a href={`#batches/${batch.id}`} aria-current={batch.id === id ? 'page' : undefined}>
                <span>
                  {new Date(batch.created_at).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short' })}
                </span>
                <span className="figure">{words.cards(batch.counts.total.toLocaleString(locale))}</span>
                <span className={`status ${batch.status}`}>{words.statuses[batch.status]}</span>
              </a>
            </li>
          ))}
        </ul>
        {cursor !== null && (
          <Button
            onPress={() => {
              listBatches(cursor).then((page) => {
                setBatches((known) => [...(known ?? []), ...page.data]);
                setCursor(page.next_cursor);
              }, setFault);
            }}
          >
            {texts.more}
          </Button>
        )}
      </aside>
      <div className="desk">
        <Problem of={fault} />
        {id === null ? (
          <p className="invitation">{words.invitation}</p>
        ) : (
          <BatchView
            key={id}
            id={id}
            isArriving={arriving === id}
            onErased={() => {
              setBatches((known) => known?.filter((batch) => batch.id !== id) ?? null);
              open(null);
            }}
          />
        )}
      </div>
    </div>
  );
}
