import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import type { CardResult } from '../card.ts';
import { Confidence } from '../confidence.tsx';
import { useLanguage } from '../language.tsx';

export interface FieldListProps {
  readonly fields: CardResult['fields'];
  readonly active: FieldName | null;
  readonly onActive: (name: FieldName | null) => void;
  readonly onPick: (name: FieldName) => void;
}

/** Every field with its value, how sure it is, and what else it may say; linked with its box both ways. */
export function FieldList({ active, fields, onActive, onPick }: FieldListProps) {
  const { texts } = useLanguage();
  return (
    <ul className="fields" aria-label={texts.fieldList}>
      {FIELD_NAMES.map((name) => {
        const field = fields[name];
        return (
          <li key={name}>
            <button
              type="button"
              className={active === name ? 'field active' : 'field'}
              aria-pressed={active === name}
              onPointerEnter={() => onActive(name)}
              onPointerLeave={() => onActive(null)}
              onFocus={() => onActive(name)}
              onBlur={() => onActive(null)}
              onClick={() => onPick(name)}
            >
              <span className="label">{texts.fields[name]}</span>
              <span className="value">{field.value ?? '—'}</span>
              <Confidence field={field} />
              {field.alternatives.length > 0 && (
                <span className="alternatives">
                  {texts.alternatives}{' '}
                  {field.alternatives.map(({ confidence, value }) => (
                    <span className="chip" key={value}>
                      {value} <span className="figure">{Math.round(confidence * 100)}</span>
                    </span>
                  ))}
                </span>
              )}
              {field.readings && (
                <span className="alternatives">
                  {texts.readings}: OCR {field.readings.ocr ?? '—'} · VLM {field.readings.vlm ?? '—'}
                </span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}
