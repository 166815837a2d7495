import { useCallback, useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { ApiFailure, call, read } from './api.ts';
import { type Language, LanguageProvider, useLanguage } from './language.tsx';
import { ReviewPage } from './review/review-page.tsx';
import { SignIn } from './sign-in.tsx';
import { THEMES, useTheme } from './theme.ts';
import { TryPage } from './try/try-page.tsx';

interface Session {
  readonly signed_in: boolean;
  readonly scopes: readonly string[];
}

/** undefined: not known yet; null: a key is needed. */
type SessionState = Session | null | undefined;

export function App() {
  return (
    <LanguageProvider>
      <Shell />
    </LanguageProvider>
  );
}

function Shell() {
  const { texts } = useLanguage();
  const [session, setSession] = useState<SessionState>();
  const [fault, setFault] = useState<string | null>(null);
  const page = useHash();

  const ask = useCallback(() => {
    setFault(null);
    read<Session>('console/session').then(setSession, (error: unknown) => {
      if (error instanceof ApiFailure && error.status === 401) setSession(null);
      else setFault(error instanceof Error ? error.message : String(error));
    });
  }, []);
  useEffect(ask, [ask]);

  const signOut = () => {
    call('console/session', { method: 'DELETE' }).then(ask, ask);
  };
  const scope = page === 'review' ? 'review' : 'extract';
  return (
    <>
      <header className="top">
        <a className="brand" href="#try">
          ktp<b>flow</b>
        </a>
        <nav aria-label={texts.pages}>
          <PageLink page="try" current={page}>
            {texts.tryPage}
          </PageLink>
          <PageLink page="review" current={page}>
            {texts.reviewPage}
          </PageLink>
        </nav>
        <Preferences />
        {session?.signed_in && (
          <Button className="quiet" onPress={signOut}>
            {texts.signOut}
          </Button>
        )}
      </header>
      <main>
        <h1 className="unseen">ktpflow: {page === 'review' ? texts.reviewPage : texts.tryPage}</h1>
        {fault !== null && (
          <p className="notice bad" role="alert">
            {fault} <Button onPress={ask}>{texts.retry}</Button>
          </p>
        )}
        {session === null && <SignIn onSignedIn={setSession} />}
        {session && !session.scopes.includes(scope) && <p className="notice bad">{texts.lacksScope(scope)}</p>}
        {session?.scopes.includes(scope) && (page === 'review' ? <ReviewPage /> : <TryPage />)}
      </main>
    </>
  );
}

function PageLink({ children, current, page }: { children: string; current: string; page: string }) {
  return (
    <a href={`#${page}`} aria-current={current === page ? 'page' : undefined}>
      {children}
    </a>
  );
}

function Preferences() {
  const { language, setLanguage, texts } = useLanguage();
  const [theme, setTheme] = useTheme();
  return (
    <div className="preferences">
      <select
        aria-label={texts.language}
        value={language}
        onChange={(event) => setLanguage(event.target.value as Language)}
      >
        <option value="en">English</option>
        <option value="id">Indonesia</option>
      </select>
      <select
        aria-label={texts.theme.label}
        value={theme}
        onChange={(event) => setTheme(THEMES.find((name) => name === event.target.value) ?? 'system')}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {texts.theme[name]}
          </option>
        ))}
      </select>
    </div>
  );
}

/** The page that the address names; nothing of a card stands in it. */
function useHash(): 'try' | 'review' {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return hash === '#review' ? 'review' : 'try';
}
