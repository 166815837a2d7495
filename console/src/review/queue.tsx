import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { levelOfConfidence } from '../card.ts';
import { useLanguage } from '../language.tsx';
import type { WaitingCard } from './review-api.ts';

const ROW_HEIGHT = 58;

export interface QueueProps {
  readonly cards: readonly WaitingCard[];
  readonly current: string | null;
  readonly onPick: (card: WaitingCard) => void;
  /** The end of what is loaded comes into sight. */
  readonly onEnd: () => void;
}

/** The waiting cards, the least sure first; of thousands only those in sight are drawn. */
export function Queue({ cards, current, onEnd, onPick }: QueueProps) {
  const { locale, texts } = useLanguage();
  const scroller = useRef<HTMLUListElement>(null);
  const rows = useVirtualizer({
    count: cards.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 8,
    getItemKey: (index) => cards[index]?.id ?? index,
  });
  const items = rows.getVirtualItems();
  /** Where the arrow keys are, of the one stop that the tab key makes here. */
  const [stop, setStop] = useState<number | null>(null);
  const isMoving = useRef(false);
  const place = Math.max(
    0,
    cards.findIndex((card) => card.id === current),
  );
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const from = Number(event.target instanceof HTMLElement ? event.target.dataset.place : undefined);
    if (step === undefined || cards[from + step] === undefined) return;
    event.preventDefault();
    isMoving.current = true;
    setStop(from + step);
    rows.scrollToIndex(from + step);
  };
  // Until the row that was asked for has been drawn.
  useEffect(() => {
    const row = scroller.current?.querySelector<HTMLElement>(`[data-place="${stop}"]`);
    if (!isMoving.current || !row) return;
    row.focus();
    isMoving.current = false;
  });
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= cards.length - 10) onEnd();
  }, [last, cards.length, onEnd]);

  return (
    <ul className="queue" ref={scroller} aria-label={texts.queue} onKeyDown={press}>
      <li className="spacer" style={{ height: rows.getTotalSize() }} aria-hidden="true" />
      {items.map(({ index, key, start }) => {
        const card = cards[index];
        if (!card) return null;
        const since = new Date(card.created_at).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'short' });
        return (
          <li key={key} className="waiting" style={{ transform: `translateY(${start}px)` }}>
            <button
              type="button"
              aria-current={card.id === current ? 'true' : undefined}
              onClick={() => onPick(card)}
              onBlur={() => !isMoving.current && setStop(null)}
              data-place={index}
              tabIndex={index === (stop ?? place) ? 0 : -1}
            >
              <span className={`figure ${levelOfConfidence(card.least_confidence)}`}>
                {Math.round(card.least_confidence * 100)}
              </span>
              <span className="names">
                {card.fields.map((name) => texts.fields[name]).join(', ') || texts.nothingInDoubt}
              </span>
              <span className="since">{texts.waitingSince(since)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
