import { type KeyboardEvent, useEffect, useRef } from 'react';
import { FieldError, Input, Label, TextField } from 'react-aria-components';
import type { FieldName } from '../../../src/ktp/field-names.ts';
import { type CardField, NUMERIC } from '../card.ts';
import { FieldCrop, type Picture } from '../card-picture.tsx';
import { Confidence } from '../confidence.tsx';
import { useLanguage } from '../language.tsx';

export interface FieldInputProps {
  readonly name: FieldName;
  readonly field: CardField;
  readonly value: string;
  readonly problem: string | null;
  readonly picture: Picture | null;
  /** Whether the tab key stops here. */
  readonly isInDoubt: boolean;
  /** Whether the cursor is to be here. */
  readonly isCurrent: boolean;
  readonly onChange: (value: string) => void;
  readonly onFocus: () => void;
  /** Enter. */
  readonly onAccept: () => void;
  /** Arrow up (-1) or down (1): to any field, also those where the tab key does not stop. */
  readonly onMove: (step: -1 | 1) => void;
}

/** A field under review: its place on the card above what it is taken to say. */
export function FieldInput(props: FieldInputProps) {
  const { field, isCurrent, isInDoubt, name, onAccept, onChange, onFocus, onMove, picture, problem, value } = props;
  const { texts } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!isCurrent) return;
    input.current?.focus();
    input.current?.select();
    input.current?.scrollIntoView({ block: 'nearest' });
  }, [isCurrent]);

  const read = field.value ?? '';
  const choices = field.alternatives.map((alternative) => alternative.value);
  const press = (event: KeyboardEvent) => {
    const digit = /^(?:Digit|Numpad)([1-3])$/.exec(event.code)?.[1];
    const isChoice = digit !== undefined && (event.altKey || (!NUMERIC.has(name) && value === read));
    const choice = isChoice ? choices[Number(digit) - 1] : undefined;
    if (choice !== undefined) onChange(choice);
    else if (event.key === 'Escape') onChange(read);
    else if (event.key === 'ArrowDown') onMove(1);
    else if (event.key === 'ArrowUp') onMove(-1);
    else if (event.key === 'Enter' && !event.altKey) onAccept();
    else return;
    event.preventDefault();
  };
  return (
    <TextField
      className={`field-input ${isInDoubt ? 'in-doubt' : ''}`}
      value={value}
      onChange={onChange}
      isInvalid={problem !== null}
      validationBehavior="aria"
      onFocus={onFocus}
    >
      {isInDoubt && picture && field.box && <FieldCrop picture={picture} box={field.box} label={texts.fields[name]} />}
      <span className="line">
        <Label>{texts.fields[name]}</Label>
        <Confidence field={field} />
      </span>
      <Input
        ref={input}
        onKeyDown={press}
        tabIndex={isInDoubt ? 0 : -1}
        inputMode={name === 'nik' || name === 'rt' || name === 'rw' ? 'numeric' : 'text'}
        autoComplete="off"
        autoCapitalize="characters"
        spellCheck="false"
        placeholder={texts.notRead}
      />
      <FieldError>{problem}</FieldError>
      {isInDoubt && choices.length > 0 && (
        <span className="choices">
          {choices.map((choice, index) => (
            <button type="button" key={choice} tabIndex={-1} onClick={() => onChange(choice)}>
              <kbd>{index + 1}</kbd> {choice}
            </button>
          ))}
        </span>
      )}
    </TextField>
  );
}
