import { type CardField, levelOf } from './card.ts';
import { useLanguage } from './language.tsx';

/** How sure a field is: a word, a figure, and a colour that says nothing else. */
export function Confidence({ field }: { readonly field: CardField }) {
  const { texts } = useLanguage();
  const level = levelOf(field);
  return (
    <span className={`confidence ${level}`}>
      {texts.levels[level]}
      {(level === 'sure' || level === 'doubtful' || level === 'unsure') && (
        <span className="figure">{Math.round(field.confidence * 100)}</span>
      )}
    </span>
  );
}
