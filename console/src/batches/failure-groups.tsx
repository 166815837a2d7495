import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from '../language.tsx';
import { type Batch, type Failure, isOver, listFailures } from './batch-api.ts';

export interface FailureGroupsProps {
  readonly batch: Batch;
  readonly onRetry: (code: string | null) => void;
  readonly onProblem: (error: unknown) => void;
}

/** What items failed with, and reading those of one reason again. */
export function FailureGroups({ batch, onProblem, onRetry }: FailureGroupsProps) {
  const { explain, locale, texts } = useLanguage();
  const [failures, setFailures] = useState<readonly Failure[]>([]);
  const { counts, id } = batch;
  // biome-ignore lint/correctness/useExhaustiveDependencies: more of them may have failed
  useEffect(() => {
    let isShown = true;
    listFailures(id).then((found) => {
      if (isShown) setFailures(found);
    }, onProblem);
    return () => {
      isShown = false;
    };
  }, [id, counts.failed, onProblem]);
  if (counts.failed === 0 || failures.length === 0) return null;
  return (
    <section className="failures">
      <h2>{texts.batches.failures}</h2>
      <ul>
        {failures.map((failure) => (
          <li key={failure.code}>
            <span className="figure">{failure.count.toLocaleString(locale)}</span>
            <span>{explain(failure)}</span>
            <Button
              isDisabled={!isOver(batch)}
              onPress={() => onRetry(failure.code)}
              aria-label={texts.batches.retryOf(explain(failure))}
            >
              {texts.batches.retry}
            </Button>
          </li>
        ))}
      </ul>
      {failures.length > 1 && (
        <Button isDisabled={!isOver(batch)} onPress={() => onRetry(null)}>
          {texts.batches.retryAll}
        </Button>
      )}
      {!isOver(batch) && <p className="help">{texts.batches.retryLater}</p>}
    </section>
  );
}
