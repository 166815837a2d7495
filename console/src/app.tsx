import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { ActivityPage } from './activity/activity-page.tsx';
import { ApiFailure, call, read } from './api.ts';
import { BatchesPage } from './batches/batches-page.tsx';
import { ChatPage } from './chat/chat-page.tsx';
import { type Language, LanguageProvider, useLanguage } from './language.tsx';
import { ReviewPage } from './review/review-page.tsx';
import { SignIn } from './sign-in.tsx';
import { SystemPage } from './system/system-page.tsx';
import { THEMES, useTheme } from './theme.ts';
import { TryPage } from './try/try-page.tsx';

interface Session {
  readonly signed_in: boolean;
  readonly scopes: readonly string[];
}

/** The pages, and what a key has to be for to be shown them. */
const PAGES = { try: 'extract', batches: 'extract', review: 'review', chat: 'chat', activity: 'admin', system: null };
type PageName = keyof typeof PAGES;
const PAGE_NAMES = Object.keys(PAGES) as PageName[];

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
  const { explain, texts } = useLanguage();
  const [session, setSession] = useState<SessionState>();
  const [fault, setFault] = useState<unknown>(null);
  const { detail, page } = useHash();

  const ask = useCallback(() => {
    setFault(null);
    read<Session>('console/session').then(setSession, (error: unknown) => {
      if (error instanceof ApiFailure && error.status === 401) setSession(null);
      else setFault(error);
    });
  }, []);
  useEffect(ask, [ask]);

  const signOut = () => {
    call('console/session', { method: 'DELETE' }).then(ask, ask);
  };
  const names: Record<PageName, string> = {
    try: texts.tryPage,
    batches: texts.batchesPage,
    review: texts.reviewPage,
    chat: texts.chatPage,
    activity: texts.activityPage,
    system: texts.systemPage,
  };
  const has = (scope: string | null) => scope === null || session?.scopes.includes(scope);
  /** Another key may be for it; without any, that of an administrator is asked for. */
  const refusal = (scope: string) => (
    <div className="refusal">
      <p className="notice bad">{session?.signed_in ? texts.lacksScope(scope) : texts.needsScope(scope)}</p>
      <SignIn onSignedIn={setSession} />
    </div>
  );
  const pageOf = (): ReactNode => {
    switch (page) {
      case 'try':
        return <TryPage />;
      case 'batches':
        return <BatchesPage id={detail} />;
      case 'review':
        return <ReviewPage />;
      case 'chat':
        return <ChatPage />;
      case 'activity':
        return <ActivityPage />;
      case 'system':
        return <SystemPage insteadOfKeys={has('admin') ? null : refusal('admin')} />;
    }
  };
  const scope = PAGES[page];
  return (
    <>
      <header className="top">
        <a className="brand" href="#try">
          ktp<b>flow</b>
        </a>
        <nav aria-label={texts.pages}>
          {PAGE_NAMES.map((name) => (
            <a key={name} href={`#${name}`} aria-current={page === name ? 'page' : undefined}>
              {names[name]}
            </a>
          ))}
        </nav>
        <Preferences />
        {session?.signed_in && (
          <Button className="quiet" onPress={signOut}>
            {texts.signOut}
          </Button>
        )}
      </header>
      <main>
        <h1 className="unseen">ktpflow: {names[page]}</h1>
        {fault !== null && (
          <p className="notice bad" role="alert">
            {explain(fault)} <Button onPress={ask}>{texts.retry}</Button>
          </p>
        )}
        {session === null && <SignIn onSignedIn={setSession} />}
        {session && (has(scope) ? pageOf() : scope !== null && refusal(scope))}
      </main>
    </>
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

/** The page that the address names, and the id behind it; nothing of a card stands in either. */
function useHash(): { readonly page: PageName; readonly detail: string | null } {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const [name, detail = null] = hash.slice(1).split('/');
  return { page: PAGE_NAMES.find((known) => known === name) ?? 'try', detail };
}
