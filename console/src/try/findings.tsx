import { FIELD_NAMES, type FieldName } from '../../../src/ktp/field-names.ts';
import type { CardResult } from '../card.ts';
import { useLanguage } from '../language.tsx';

interface FindingsProps {
  readonly result: CardResult;
  readonly onActive: (name: FieldName | null) => void;
}

/** What the rules and the picture say of the card as a whole. */
export function Findings({ onActive, result }: FindingsProps) {
  const { explain, texts } = useLanguage();
  const { checks, quality } = result;
  return (
    <div className="findings">
      <section>
        <h2>{texts.checks}</h2>
        {checks.length === 0 && <p>{texts.noChecks}</p>}
        <ul>
          {checks.map((check) => {
            const { code, fields, level } = check;
            const name = FIELD_NAMES.find((known) => fields.includes(known)) ?? null;
            return (
              <li
                key={code}
                className={level}
                onPointerEnter={() => onActive(name)}
                onPointerLeave={() => onActive(null)}
              >
                {explain(check)}
              </li>
            );
          })}
        </ul>
      </section>
      <section>
        <h2>{texts.quality}</h2>
        {quality.flags.length === 0 ? (
          <p>{texts.goodPicture}</p>
        ) : (
          <p className="flags">
            {quality.flags.map((flag) => (
              <span className="chip" key={flag}>
                {texts.flags[flag]}
              </span>
            ))}
          </p>
        )}
      </section>
    </div>
  );
}
