import { useLanguage } from '../language.tsx';
import { type Batch, ITEM_STATUSES, isOver } from './batch-api.ts';
import { durationText } from './duration-text.ts';

/** From what is done to what is still to do. */
const BAR = ['succeeded', 'needs_review', 'failed', 'cancelled', 'running', 'queued'] as const;

/** How far a batch is: a bar of parts that add up, their figures, how fast it goes and for how long still. */
export function BatchCounts({ batch }: { readonly batch: Batch }) {
  const { locale, texts } = useLanguage();
  const { counts, eta_seconds, throughput } = batch;
  const parts = ITEM_STATUSES.filter((status) => counts[status] !== undefined);
  return (
    <section className="counts" aria-label={texts.batches.progress}>
      <div className="bar" aria-hidden="true">
        {BAR.map((status) => (
          <span key={status} className={`part ${status}`} style={{ flexGrow: counts[status] ?? 0 }} />
        ))}
      </div>
      <dl>
        <div>
          <dt>{texts.batches.total}</dt>
          <dd className="figure" data-count="total">
            {counts.total.toLocaleString(locale)}
          </dd>
        </div>
        {parts.map((status) => (
          <div key={status}>
            <dt className={`status ${status}`}>{texts.batches.itemStatuses[status]}</dt>
            <dd className="figure" data-count={status}>
              {(counts[status] ?? 0).toLocaleString(locale)}
            </dd>
          </div>
        ))}
      </dl>
      <p className="pace">
        {throughput !== null && texts.batches.throughput(throughput.toLocaleString(locale))}
        {throughput !== null && !isOver(batch) && eta_seconds !== null && ' · '}
        {!isOver(batch) && eta_seconds !== null && texts.batches.eta(durationText(eta_seconds))}
      </p>
    </section>
  );
}
