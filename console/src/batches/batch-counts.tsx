import { useLanguage } from '../language.tsx';
import { type Batch, ITEM_STATUSES, isOver } from './batch-api.ts';
import { durationText } from './duration-text.ts';

/** How far a batch is: a bar of parts that add up, their figures, how fast it goes and for how long still. */
export function BatchCounts({ batch }: { readonly batch: Batch }) {
  const { language, texts } = useLanguage();
  const { counts, eta_seconds, throughput } = batch;
  const parts = ITEM_STATUSES.filter((status) => counts[status] !== undefined);
  const done = parts.toReversed().toSorted((left, right) => Number(left === 'queued') - Number(right === 'queued'));
  return (
    <section className="counts" aria-label={texts.batches.progress}>
      <div className="bar" aria-hidden="true">
        {done.map((status) => (
          <span key={status} className={`part ${status}`} style={{ flexGrow: counts[status] ?? 0 }} />
        ))}
      </div>
      <dl>
        <div>
          <dt>{texts.batches.total}</dt>
          <dd className="figure" data-count="total">
            {counts.total.toLocaleString(language)}
          </dd>
        </div>
        {parts.map((status) => (
          <div key={status}>
            <dt className={`status ${status}`}>{texts.batches.itemStatuses[status]}</dt>
            <dd className="figure" data-count={status}>
              {(counts[status] ?? 0).toLocaleString(language)}
            </dd>
          </div>
        ))}
      </dl>
      <p className="pace">
        {throughput !== null && texts.batches.throughput(throughput.toLocaleString(language))}
        {throughput !== null && !isOver(batch) && eta_seconds !== null && ' · '}
        {!isOver(batch) && eta_seconds !== null && texts.batches.eta(durationText(eta_seconds))}
      </p>
    </section>
  );
}
