import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { call, read } from '../api.ts';
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

/** The keys that there are; making one, which is shown once, and revoking one. */
export function Keys() {
  const { locale, texts } = useLanguage();
  const { keys: words } = texts.system;
  const [keys, setKeys] = useState<readonly Key[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [tenant, setTenant] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>(['extract']);
  const [made, setMade] = useState<{ readonly id: string; readonly key: string } | null>(null);
  const [revoking, setRevoking] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const fail = useCallback(setProblem, []);
  const load = useCallback(
    (from: string | null) => {
      read<{ data: Key[]; next_cursor: string | null }>(
        `${PATH}?limit=100${from === null ? '' : `&cursor=${from}`}`,
      ).then(({ data, next_cursor }) => {
        setKeys((known) => (from === null ? data : [...(known ?? []), ...data]));
        setCursor(next_cursor);
        setProblem(null);
      }, fail);
    },
    [fail],
  );
  useEffect(() => load(null), [load]);

  const create = (event: FormEvent) => {
    event.preventDefault();
    const json = { scopes, ...(name.trim() && { name: name.trim() }), ...(tenant.trim() && { tenant: tenant.trim() }) };
    read<Key & { key: string }>(PATH, { json }).then((key) => {
      setMade(key);
      setName('');
      load(null);
    }, fail);
  };
  const revoke = (id: string) => {
    setRevoking(null);
    call(`${PATH}/${id}`, { method: 'DELETE' }).then(() => {
      if (made?.id === id) setMade(null);
      load(null);
    }, fail);
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
            <Button onPress={() => void navigator.clipboard.writeText(made.key)}>{texts.copy}</Button>
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
              {key.id === HOME_KEY ? null : revoking === key.id ? (
                <span className="row confirm">
                  {words.really}
                  <Button className="danger" autoFocus onPress={() => revoke(key.id)}>
                    {words.revoke}
                  </Button>
                  <Button onPress={() => setRevoking(null)}>{texts.erase.no}</Button>
                </span>
              ) : (
                <Button onPress={() => setRevoking(key.id)} aria-label={words.revokeOf(key.name || key.id)}>
                  {words.revoke}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {cursor !== null && <Button onPress={() => load(cursor)}>{texts.more}</Button>}
    </section>
  );
}
