import { useEffect, useState } from 'react';
import { call, read } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { figuresOf } from './figures.ts';

interface Health {
  readonly ok: boolean;
  readonly error: string | null;
  readonly engines: readonly {
    readonly id: string;
    readonly kind: string;
    readonly ready: boolean;
    readonly error: string | null;
    readonly warning: string | null;
  }[];
  readonly temporal: { readonly connected: boolean };
  readonly database: { readonly connected: boolean };
  readonly storage: { readonly writable: boolean };
}

const LOOK_MS = 5_000;

/** Every part and engine with its state, and the figures of the process that answers. */
export function HealthView() {
  const { explain, locale, texts } = useLanguage();
  const { system: words } = texts;
  const [health, setHealth] = useState<Health | null>(null);
  const [metrics, setMetrics] = useState('');
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    const look = () => {
      read<Health>('health').then((found) => {
        setHealth(found);
        setProblem(null);
      }, setProblem);
      call('metrics')
        .then((response) => response.text())
        .then(setMetrics, () => setMetrics(''));
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (!health) return <p className="notice">{explain(problem ?? texts.loading)}</p>;
  const parts = [
    [words.temporal, health.temporal.connected],
    [words.database, health.database.connected],
    [words.storage, health.storage.writable],
  ] as const;
  const figures = figuresOf(metrics);
  return (
    <section className="health" aria-label={words.state}>
      <p className={health.ok && problem === null ? 'notice' : 'notice bad'} role="status">
        {explain(problem ?? health.error ?? words.allWell)}
      </p>
      <div className="columns">
        <div>
          <h2>{words.parts}</h2>
          <ul className="lines">
            {parts.map(([name, isWell]) => (
              <li key={name}>
                <span>{name}</span>
                <Ready isReady={isWell} />
              </li>
            ))}
          </ul>
        </div>
        <div>
          <h2>{words.engines}</h2>
          <ul className="lines">
            {health.engines.map(({ error, id, kind, ready, warning }) => (
              <li key={id}>
                <span>
                  {id}
                  {(error ?? warning) !== null && <span className="help block">{explain(error ?? warning)}</span>}
                  {kind !== 'ppocr' && ready && warning === null && <span className="help block">{words.canary}</span>}
                </span>
                <Ready isReady={ready && warning === null} />
              </li>
            ))}
          </ul>
        </div>
        {figures.length > 0 && (
          <div>
            <h2>{words.figures}</h2>
            <ul className="lines">
              {figures.map(({ name, value }) => (
                <li key={name}>
                  <span>{words.figureNames[name]}</span>
                  <span className="figure">{value.toLocaleString(locale)}</span>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </section>
  );
}

function Ready({ isReady }: { readonly isReady: boolean }) {
  const { texts } = useLanguage();
  return (
    <span className={isReady ? 'status succeeded' : 'status failed'}>
      {isReady ? texts.system.ready : texts.system.notReady}
    </span>
  );
}
