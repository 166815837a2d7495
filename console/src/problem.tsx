import { useLanguage } from './language.tsx';

/** What went wrong, told at once to whoever hears the page, in the language of the page; nothing where nothing did. */
export function Problem({ of: problem }: { readonly of: unknown }) {
  const { explain } = useLanguage();
  if (problem === null || problem === undefined) return null;
  return (
    <p className="notice bad" role="alert">
      {explain(problem)}
    </p>
  );
}
