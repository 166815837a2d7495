import { useCallback, useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import { ApiFailure } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { CardForm, type CardFormProps } from './card-form.tsx';
import { Queue } from './queue.tsx';
import { claim, listWaiting, readPicture, readReview, release, type WaitingCard } from './review-api.ts';
import { usePendingDecision } from './use-pending-decision.ts';

/** A claim lasts for minutes; a person may look at a card for longer. */
const RENEW_MS = 60_000;

interface Taken {
  readonly before: CardFormProps['before'];
  readonly card: CardFormProps['card'];
  readonly blob: Blob | null;
  readonly since: number;
}

/** The queue, and the card that this window has taken. */
export function ReviewPage() {
  const { explain, texts } = useLanguage();
  const [cards, setCards] = useState<readonly WaitingCard[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [field, setField] = useState<FieldName | null>(null);
  const [taken, setTaken] = useState<Taken | null>(null);
  const [notice, setNotice] = useState<unknown>(null);
  const [done, setDone] = useState({ count: 0, seconds: 0, last: 0 });
  const notTaken = useCallback((error: unknown) => setNotice(texts.notTaken(explain(error))), [explain, texts]);
  const { keep, pending, undo } = usePendingDecision<Taken>(notTaken);
  const held = useRef<string | null>(null);
  const loading = useRef(false);
  /** Grows with each way to another card: one that is still on its way then comes to nothing. */
  const turn = useRef(0);

  const load = useCallback(() => {
    setNotice(null);
    listWaiting(field, null).then((page) => {
      setCards(page.data);
      setCursor(page.next_cursor);
    }, setNotice);
  }, [field]);
  useEffect(load, [load]);

  const loadMore = useCallback(() => {
    if (cursor === null || loading.current) return;
    loading.current = true;
    listWaiting(field, cursor)
      .then((page) => {
        setCards((known) => [...(known ?? []), ...page.data]);
        setCursor(page.next_cursor);
      }, setNotice)
      .finally(() => {
        loading.current = false;
      });
  }, [cursor, field]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (held.current !== null) claim(held.current).catch(setNotice);
    }, RENEW_MS);
    const leave = () => {
      if (held.current !== null) release(held.current);
      held.current = null;
    };
    addEventListener('pagehide', leave);
    return () => {
      clearInterval(timer);
      removeEventListener('pagehide', leave);
      leave();
    };
  }, []);

  /** Takes the card, or the next one that nobody else has. */
  const take = async (from: readonly WaitingCard[]): Promise<void> => {
    const own = ++turn.current;
    for (const waiting of from) {
      try {
        await claim(waiting.id);
      } catch (error) {
        if (!(error instanceof ApiFailure) || (error.status !== 409 && error.status !== 404)) return setNotice(error);
        setNotice(texts.taken);
        forget(waiting.id);
        continue;
      }
      if (own !== turn.current) return release(waiting.id);
      held.current = waiting.id;
      try {
        const [card, blob] = await Promise.all([readReview(waiting.id), readPicture(waiting.id).catch(() => null)]);
        if (own !== turn.current) return;
        if (card.result) {
          return setTaken({ before: null, card: { ...card, result: card.result }, blob, since: performance.now() });
        }
        forget(waiting.id);
      } catch (error) {
        return setNotice(error);
      }
    }
    if (own !== turn.current) return;
    setTaken(null);
    load();
  };
  const forget = (id: string) => setCards((known) => known?.filter((card) => card.id !== id) ?? null);
  const pick = (card: WaitingCard) => {
    if (card.id === held.current) return;
    if (held.current !== null) release(held.current);
    held.current = null;
    setNotice(null);
    void take([card]);
  };
  const goOn = (from: string) => {
    held.current = null;
    const list = cards ?? [];
    const place = list.findIndex((card) => card.id === from);
    const rest = [...list.slice(place + 1), ...list.slice(0, Math.max(0, place))];
    void take(rest);
  };

  /** Once a card is done with, a key that comes before the next one is shown is not for it. */
  const isHeld = ({ card }: Taken) => held.current === card.id;
  /** Goes back to the card that was decided last, with what was typed there. */
  const goBack = () => {
    const last = undo();
    if (!last) return;
    turn.current++;
    if (held.current !== null) release(held.current);
    held.current = last.id;
    setNotice(null);
    setDone((before) => ({ count: before.count - 1, seconds: before.seconds - before.last, last: 0 }));
    setTaken({ ...last.card, before: last.decision, since: performance.now() });
  };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!event.altKey || event.code !== 'KeyZ' || !pending) return;
      event.preventDefault();
      goBack();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });

  if (cards === null) return <p className="notice">{explain(notice ?? texts.loading)}</p>;
  return (
    <div className={taken ? 'review at-work' : 'review'}>
      <aside>
        <div className="queue-head">
          <h2 className="title">
            {texts.queue} <span className="figure">{`${cards.length}${cursor === null ? '' : '+'}`}</span>
          </h2>
          <select
            aria-label={texts.filter}
            value={field ?? ''}
            onChange={(event) => setField(FIELD_NAMES.find((name) => name === event.target.value) ?? null)}
          >
            <option value="">{texts.anyField}</option>
            {FIELD_NAMES.map((name) => (
              <option key={name} value={name}>
                {texts.fields[name]}
              </option>
            ))}
          </select>
        </div>
        <Queue cards={cards} current={taken?.card.id ?? null} onPick={pick} onEnd={loadMore} />
        {done.count > 0 && (
          <p className="session" role="status">
            {texts.session(done.count, (done.seconds / done.count).toFixed(1))}
          </p>
        )}
      </aside>
      <div className="desk">
        {notice !== null && (
          <p className="notice" role="status">
            {explain(notice)}
          </p>
        )}
        {pending && (
          <p className="notice undo" role="status">
            {texts.decided[pending.decision.outcome]} <Button onPress={goBack}>{texts.undo} (Alt+Z)</Button>
          </p>
        )}
        {taken ? (
          <CardForm
            key={`${taken.card.id} ${taken.since}`}
            card={taken.card}
            blob={taken.blob}
            before={taken.before}
            onDecided={(decision) => {
              if (!isHeld(taken)) return;
              keep({ card: taken, id: taken.card.id, decision });
              const last = (performance.now() - taken.since) / 1000;
              setDone(({ count, seconds }) => ({ count: count + 1, seconds: seconds + last, last }));
              setNotice(null);
              forget(taken.card.id);
              goOn(taken.card.id);
            }}
            onSkip={() => {
              if (!isHeld(taken)) return;
              release(taken.card.id);
              setNotice(null);
              goOn(taken.card.id);
            }}
            onLost={() => {
              if (!isHeld(taken)) return;
              setNotice(texts.lost);
              forget(taken.card.id);
              goOn(taken.card.id);
            }}
          />
        ) : cards.length > 0 ? (
          <div className="invitation">
            <Button className="primary" autoFocus onPress={() => void take(cards)}>
              {texts.start}
            </Button>
          </div>
        ) : (
          <div className="invitation">
            <h2 className="title">{texts.queueEmpty}</h2>
            <p>{texts.queueEmptyHelp}</p>
            <Button onPress={load}>{texts.refresh}</Button>
          </div>
        )}
      </div>
    </div>
  );
}
