import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { call, read } from '../api.ts';
import { CopyButton } from '../copy-button.tsx';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';

const SCOPES = ['extract', 'review', 'chat', 'admin'] as const;
type Scope = (typeof SCOPES)[number];

interface Key {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly prefix: string;
  readonly expires_at: string | null;
}

const PATH = 'v1/admin/keys';
/** Its one copy lies in the home of the server: it is replaced there. */
const HOME_KEY = 'key_home';

const MS_A_DAY = 86_400_000;
/** How long a new key may live, in days; 0: until it is revoked. */
const LIFETIMES = [0, 30, 90, 365] as const;

/** The keys that there are; making and rotating one, which is shown once, and revoking one. */
export function Keys() {
  const { locale, texts } = useLanguage();
  const { keys: words } = texts.system;
  const [keys, setKeys] = useState<readonly Key[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [tenant, setTenant] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['extract']);
  const [days, setDays] = useState(0);
  const [made, setMade] = useState<{ readonly id: string; readonly key: string } | null>(null);
  const [asked, setAsked] = useState<{ readonly id: string; readonly to: 'rotate' | 'revoke' } | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const load = useCallback((from: string | null) => {
    read<{ data: Key[]; next_cursor: string | null }>(
      `${PATH}?limit=100${from === null ? '' : `&cursor=${from}`}`,
    ).then(({ data, next_cursor }) => {
      setKeys((known) => (from === null ? data : [...(known ?? []), ...data]));
      setCursor(next_cursor);
      setProblem(null);
    }, setProblem);
  }, []);
  useEffect(() => load(null), [load]);

  const create = (event: FormEvent) => {
    event.preventDefault();
    const json = {
      scopes,
      ...(name.trim() && { name: name.trim() }),
      ...(tenant.trim() && { tenant: tenant.trim() }),
      ...(days > 0 && { expires_at: new Date(Date.now() + days * MS_A_DAY).toISOString() }),
    };
    read<Key & { key: string }>(PATH, { json }).then((key) => {
      setMade(key);
      setName('');
      load(null);
    }, setProblem);
  };
  const rotate = (id: string) => {
    setAsked(null);
    read<Key & { key: string }>(`${PATH}/${id}/rotate`, { json: {} }).then((key) => {
      setMade(key);
      load(null);
    }, setProblem);
  };
  const revoke = (id: string) => {
    setAsked(null);
    call(`${PATH}/${id}`, { method: 'DELETE' }).then(() => {
      if (made?.id === id) setMade(null);
      load(null);
    }, setProblem);
  };
  return (
    <section className="keys-view" aria-label={words.title}>
      <h2 className="title">{words.title}</h2>
      <Problem of={problem} />
      {made && (
        <div className="notice made" role="status">
          <p>{words.shownOnce}</p>
          <div className="row">
            <code>{made.key}</code>
            <CopyButton text={made.key} />
            <Button onPress={() => setMade(null)}>{words.hide}</Button>
          </div>
        </div>
      )}
      <form className="row" onSubmit={create}>
        <TextField value={name} onChange={setName} maxLength={100}>
          <Label>{words.name}</Label>
          <Input autoComplete="off" />
        </TextField>
        <TextField value={tenant} onChange={setTenant} maxLength={128}>
          <Label>{words.tenant}</Label>
          <Input autoComplete="off" placeholder={words.ownTenant} />
        </TextField>
        <fieldset className="row">
          <legend className="unseen">{words.scopes}</legend>
          {SCOPES.map((scope) => (
            <label key={scope}>
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={({ target }) =>
                  setScopes(SCOPES.filter((each) => (each === scope ? target.checked : scopes.includes(each))))
                }
              />{' '}
              {scope}
            </label>
          ))}
        </fieldset>
        <label>
          {words.lifetime}{' '}
          <select value={days} onChange={({ target }) => setDays(Number(target.value))}>
            {LIFETIMES.map((each) => (
              <option key={each} value={each}>
                {each === 0 ? words.forever : words.days(each)}
              </option>
            ))}
          </select>
        </label>
        <Button type="submit" className="primary" isDisabled={scopes.length === 0}>
          {words.create}
        </Button>
      </form>
      <p className="help">{words.first}</p>
      {keys && (
        <ul className="lines" aria-label={words.title}>
          {keys.map((key) => (
            <li key={key.id}>
              <span>
                <b>{key.name || key.id}</b> <code>{key.prefix}…</code>
                <span className="help block">
                  {key.scopes.join(', ')} · {words.of(key.tenant)}
                  {key.expires_at !== null && ` · ${words.until(new Date(key.expires_at).toLocaleDateString(locale))}`}
                </span>
              </span>
              {key.id === HOME_KEY ? null : asked?.id === key.id ? (
                <span className="row confirm">
                  {words.really}
                  <Button
                    className="danger"
                    autoFocus
                    onPress={() => (asked.to === 'rotate' ? rotate(key.id) : revoke(key.id))}
                  >
                    {words[asked.to]}
                  </Button>
                  <Button onPress={() => setAsked(null)}>{texts.erase.no}</Button>
                </span>
              ) : (
                <span className="row">
                  {(['rotate', 'revoke'] as const).map((to) => (
                    <Button
                      key={to}
                      onPress={() => setAsked({ id: key.id, to })}
                      aria-label={words.toKey(words[to], key.name || key.id)}
                    >
                      {words[to]}
                    </Button>
                  ))}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {cursor !== null && <Button onPress={() => load(cursor)}>{texts.more}</Button>}
    </section>
  );
}
