import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import { read } from '../api.ts';
import type { CardResult } from '../card.ts';
import { CardPicture, FieldCrop, usePicture } from '../card-picture.tsx';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';
import { DropArea } from './drop-area.tsx';
import { FieldList } from './field-list.tsx';
import { Findings } from './findings.tsx';
import { RequestCode } from './request-code.tsx';

interface Job {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly result: CardResult | null;
}

type State =
  | { readonly step: 'empty' }
  | { readonly step: 'reading' }
  | { readonly step: 'read'; readonly job: Job; readonly result: CardResult; readonly seconds: number }
  | { readonly step: 'failed'; readonly problem: unknown };

/** One card, from the picture to what was read of it and how sure that is. */
export function TryPage() {
  const { texts } = useLanguage();
  const [file, setFile] = useState<Blob | null>(null);
  const [state, setState] = useState<State>({ step: 'empty' });
  const [active, setActive] = useState<FieldName | null>(null);
  const [picked, setPicked] = useState<FieldName | null>(null);
  const running = useRef<AbortController | null>(null);
  const result = state.step === 'read' ? state.result : null;
  const picture = usePicture(file, result?.rotation ?? 0);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (blob: Blob) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setFile(blob);
    setPicked(null);
    setState({ step: 'reading' });
    const startedAt = performance.now();
    try {
      const job = await readCard(blob, controller.signal);
      const seconds = (performance.now() - startedAt) / 1000;
      setState(
        job.result
          ? { step: 'read', job, result: job.result, seconds }
          : { step: 'failed', problem: job.error ?? job.status },
      );
    } catch (error) {
      if (controller.signal.aborted) return;
      setState({ step: 'failed', problem: error });
    }
  };
  const pick = (blob: Blob) => void start(blob);

  if (state.step === 'empty') return <DropArea onFile={pick} />;
  const shown = active ?? picked;
  const box = shown && result?.fields[shown].box;
  return (
    <div className="try">
      <section className="viewer" aria-busy={state.step === 'reading'}>
        {picture && result && (
          <CardPicture picture={picture} fields={result.fields} active={shown} onHover={setActive} onPick={setPicked} />
        )}
        {picture && !result && <img className="card-picture" src={picture.url} alt="" />}
        {!picture && <p className="notice">{texts.noPreview}</p>}
        <div className="under-picture">
          {picture && shown && box ? (
            <FieldCrop picture={picture} box={box} label={texts.fields[shown]} />
          ) : (
            <p role="status">
              {state.step === 'reading' && texts.reading}
              {state.step === 'read' && texts.readIn(state.seconds.toFixed(1))}
            </p>
          )}
          <Button onPress={() => setState({ step: 'empty' })}>{texts.drop.another}</Button>
        </div>
        {result && <Findings result={result} onActive={setActive} />}
      </section>
      <section className="reading">
        {state.step === 'reading' && <Skeleton />}
        {state.step === 'failed' && <Problem of={state.problem} />}
        {state.step === 'read' && (
          <>
            <FieldList fields={state.result.fields} active={shown} onActive={setActive} onPick={setPicked} />
            <RequestCode job={state.job} />
          </>
        )}
      </section>
    </div>
  );
}

/** Hands the picture in and waits; longer than the server lets one request wait. */
async function readCard(blob: Blob, signal: AbortSignal): Promise<Job> {
  const form = new FormData();
  form.append('image', blob, 'card');
  let job = await read<Job>('v1/ktp/extractions?wait=60', { form, signal });
  while (job.status === 'queued' || job.status === 'running') {
    job = await read<Job>(`v1/ktp/extractions/${job.id}?wait=60`, { signal });
  }
  return job;
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: 12 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a fixed number of bars without an identity
        <span key={index} />
      ))}
    </div>
  );
}
