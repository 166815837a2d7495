import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { explainIn } from './problems/explain.ts';
import { english, type Texts } from './texts-en.ts';
import { indonesian } from './texts-id.ts';

export type Language = 'en' | 'id';

const STORED = 'ktpflow.language';
/** How dates and numbers are written. */
const LOCALES = { en: 'en-GB', id: 'id-ID' } as const;
const TEXTS: Readonly<Record<Language, Texts>> = { en: english, id: indonesian };

interface LanguageState {
  readonly language: Language;
  readonly texts: Texts;
  /** Of dates and numbers. */
  readonly locale: string;
  /** An error, or what the server says of one, for a person. */
  readonly explain: (problem: unknown) => string;
  readonly setLanguage: (language: Language) => void;
}

const LanguageContext = createContext<LanguageState>({
  language: 'en',
  texts: english,
  locale: LOCALES.en,
  explain: (problem) => explainIn('en', problem),
  setLanguage: () => {},
});

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(STORED, language);
  }, [language]);
  const state = useMemo(
    () => ({
      language,
      texts: TEXTS[language],
      locale: LOCALES[language],
      explain: (problem: unknown) => explainIn(language, problem),
      setLanguage,
    }),
    [language],
  );
  return <LanguageContext value={state}>{children}</LanguageContext>;
}

export function useLanguage(): LanguageState {
  return use(LanguageContext);
}

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === 'en' || stored === 'id') return stored;
  return navigator.language.startsWith('id') ? 'id' : 'en';
}
