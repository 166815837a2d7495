import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import { ApiFailure } from '../api.ts';
import type { CardResult } from '../card.ts';
import { CardPicture, usePicture } from '../card-picture.tsx';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';
import { FieldInput } from './field-input.tsx';
import { nikHints } from './nik-hints.ts';
import { checkDecision, type Decision, type ReviewedCard } from './review-api.ts';

export interface CardFormProps {
  readonly card: ReviewedCard & { readonly result: CardResult };
  readonly blob: Blob | null;
  /** What was decided before that was taken back; null: nothing. */
  readonly before: Decision | null;
  /** A decision that the rules let pass; it is still to be sent. */
  readonly onDecided: (decision: Decision) => void;
  readonly onSkip: () => void;
  /** Somebody else has it, or has decided it. */
  readonly onLost: () => void;
}

type Values = Partial<Record<FieldName, string>>;

function valuesOf(before: Decision | null): Values {
  const named = Object.entries(before?.fields ?? {}).map(([name, value]) => [name, value ?? '']);
  return Object.fromEntries(named) as Values;
}

/** One card under review: nothing is taken by itself, every doubtful field is gone through. */
export function CardForm({ before, blob, card, onDecided, onLost, onSkip }: CardFormProps) {
  const { explain, locale, texts } = useLanguage();
  const { fields: read } = card.result;
  const picture = usePicture(blob);
  const [values, setValues] = useState<Values>(() => valuesOf(before));
  const [current, setCurrent] = useState<FieldName | null>(card.fields[0] ?? null);
  const [hovered, setHovered] = useState<FieldName | null>(null);
  const [problem, setProblem] = useState<{ field: FieldName | null; error: ApiFailure } | null>(null);
  const [isSending, setSending] = useState(false);

  const textOf = (name: FieldName) => values[name] ?? read[name].value ?? '';
  const change = (name: FieldName, value: string) => {
    setValues((known) => ({ ...known, [name]: value }));
    setProblem(null);
  };
  const changed = (): Decision['fields'] => {
    const names = FIELD_NAMES.filter((name) => textOf(name).trim() !== (read[name].value ?? ''));
    return Object.fromEntries(names.map((name) => [name, textOf(name).trim() || null]));
  };
  const send = async (outcome: Decision['outcome'], force = false) => {
    if (isSending) return;
    setSending(true);
    setProblem(null);
    try {
      const decision = { outcome, force, fields: outcome === 'confirmed' ? changed() : {} };
      await checkDecision(card.id, decision);
      onDecided(decision);
    } catch (error) {
      setSending(false);
      if (!(error instanceof ApiFailure)) throw error;
      if (error.status === 409) return onLost();
      const field = FIELD_NAMES.find((name) => error.param === `fields.${name}`) ?? null;
      setProblem({ field, error });
      if (field) setCurrent(field);
    }
  };
  const accept = (name: FieldName) => {
    const next = card.fields[card.fields.indexOf(name) + 1];
    if (card.fields.includes(name) && next) setCurrent(next);
    else void send('confirmed');
  };

  const others = FIELD_NAMES.filter((name) => !card.fields.includes(name));
  const inOrder = [...card.fields, ...others];
  const move = (name: FieldName, step: -1 | 1) => setCurrent(inOrder[inOrder.indexOf(name) + step] ?? name);

  const canForce = problem?.field !== null && problem !== null;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!event.altKey) return;
      if (event.code === 'KeyS') onSkip();
      else if (event.code === 'KeyR') void send('rejected');
      else if (event.key === 'Enter' && canForce) void send('confirmed', true);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });

  const input = (name: FieldName, isInDoubt: boolean) => (
    <FieldInput
      key={name}
      name={name}
      field={read[name]}
      value={textOf(name)}
      problem={problem?.field === name ? explain(problem.error) : null}
      picture={picture}
      isInDoubt={isInDoubt}
      isCurrent={current === name}
      onChange={(value) => change(name, value)}
      onFocus={() => setCurrent(name)}
      onAccept={() => accept(name)}
      onMove={(step) => move(name, step)}
    />
  );
  const until = new Date(card.expires_at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <div className="card-form" data-card={card.id}>
      <section className="viewer">
        {picture && (
          <CardPicture
            picture={picture}
            fields={read}
            active={hovered ?? current}
            onHover={setHovered}
            onPick={setCurrent}
          />
        )}
        <p className="until">{texts.until(until)}</p>
        <p className="keys">{texts.keys}</p>
      </section>
      <section className="inputs">
        <h2>{texts.inDoubt}</h2>
        {card.fields.length === 0 && <p>{texts.nothingInDoubt}</p>}
        {card.fields.map((name) => input(name, true))}
        <ul className="hints" aria-live="polite">
          {nikHints(textOf, texts).map(({ isRight, text }) => (
            <li key={text} className={isRight ? 'right' : 'wrong'}>
              NIK: {text}
            </li>
          ))}
        </ul>
        {problem?.field === null && <Problem of={problem.error} />}
        <div className="row">
          <Button
            className="primary"
            isDisabled={isSending}
            autoFocus={card.fields.length === 0}
            onPress={() => void send('confirmed')}
          >
            {texts.confirm}
          </Button>
          {canForce && <Button onPress={() => void send('confirmed', true)}>{texts.acceptAnyway} (Alt+Enter)</Button>}
          <Button onPress={onSkip}>{texts.skip}</Button>
          <Button className="danger" isDisabled={isSending} onPress={() => void send('rejected')}>
            {texts.reject}
          </Button>
        </div>
        <h2>{texts.others}</h2>
        <div className="others">{others.map((name) => input(name, false))}</div>
      </section>
    </div>
  );
}
