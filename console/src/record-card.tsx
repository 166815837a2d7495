import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { read } from './api.ts';
import type { CardResult } from './card.ts';
import { useLanguage } from './language.tsx';
import { Problem } from './problem.tsx';
import { FieldList } from './try/field-list.tsx';

interface Job {
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: CardResult | null;
}

export interface RecordCardProps {
  /** Id of the extraction. */
  readonly record: string;
  readonly title: string;
  readonly onClose: () => void;
}

/** What was read of one card, masked by the server until it is asked for; the access log tells both apart. */
export function RecordCard({ onClose, record, title }: RecordCardProps) {
  const { texts } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isMasked, setMasked] = useState(true);
  const [job, setJob] = useState<Job | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    let isShown = true;
    read<Job>(`v1/ktp/extractions/${record}${isMasked ? '?masked=1' : ''}`).then((found) => {
      if (isShown) setJob(found);
    }, setProblem);
    return () => {
      isShown = false;
    };
  }, [record, isMasked]);

  const fault = problem ?? (job && !job.result ? (job.error ?? texts.record.nothing) : null);
  return (
    <dialog className="record" ref={dialog} onClose={onClose} aria-label={title}>
      <div className="row">
        <h2 className="title">{title}</h2>
        <Button className="quiet" onPress={() => dialog.current?.close()}>
          {texts.record.close}
        </Button>
      </div>
      <Problem of={fault} />
      {!job && fault === null && <p>{texts.loading}</p>}
      {job?.result && (
        <>
          <div className="row">
            <p className="help">{isMasked ? texts.record.masked : texts.record.shown}</p>
            <Button onPress={() => setMasked(!isMasked)}>{isMasked ? texts.record.show : texts.record.mask}</Button>
          </div>
          <FieldList fields={job.result.fields} active={null} onActive={ignore} onPick={ignore} />
        </>
      )}
    </dialog>
  );
}

function ignore(): void {
  // Without a picture there is no box to point at.
}
