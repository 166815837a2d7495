import { type FormEvent, useCallback, useEffect, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { read } from '../api.ts';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';

interface Entry {
  readonly at: string;
  readonly action: string;
  readonly key: string;
  readonly record: string;
  readonly tenant: string;
}

interface Filter {
  readonly record: string;
  readonly key: string;
  readonly action: string;
}

const PAGE = 100;
const ALL: Filter = { record: '', key: '', action: '' };

/** The access log of all tenants, newest first; it holds no value of any card. */
export function AccessLog() {
  const { locale, texts } = useLanguage();
  const { log: words } = texts.activity;
  const [typed, setTyped] = useState(ALL);
  const [filter, setFilter] = useState(ALL);
  const [entries, setEntries] = useState<readonly Entry[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const load = useCallback((wanted: Filter, from: string | null) => {
    const query = new URLSearchParams({ format: 'list', limit: String(PAGE) });
    for (const [name, value] of Object.entries(wanted)) if (value.trim() !== '') query.set(name, value.trim());
    if (from !== null) query.set('cursor', from);
    read<{ data: Entry[]; next_cursor: string | null }>(`v1/admin/access-log?${query}`).then(
      ({ data, next_cursor }) => {
        setEntries((known) => (from === null ? data : [...(known ?? []), ...data]));
        setCursor(next_cursor);
        setProblem(null);
      },
      setProblem,
    );
  }, []);
  useEffect(() => load(filter, null), [load, filter]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setFilter({ ...typed });
  };
  return (
    <div className="found">
      <h2 className="title">{words.title}</h2>
      <form className="row" onSubmit={submit}>
        {(['record', 'key', 'action'] as const).map((name) => (
          <TextField
            key={name}
            value={typed[name]}
            onChange={(value) => setTyped((before) => ({ ...before, [name]: value }))}
            maxLength={name === 'action' ? 64 : 128}
          >
            <Label>{words[name]}</Label>
            <Input autoComplete="off" spellCheck="false" />
          </TextField>
        ))}
        <Button type="submit">{words.show}</Button>
      </form>
      <Problem of={problem} />
      {entries?.length === 0 && <p className="help">{words.none}</p>}
      {entries && entries.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and has to by keyboard too
        <section className="log" tabIndex={0} aria-label={words.title}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.at}</th>
                <th scope="col">{words.action}</th>
                <th scope="col">{words.record}</th>
                <th scope="col">{words.key}</th>
                <th scope="col">{words.tenant}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
                <tr key={index}>
                  <td className="figure">
                    {new Date(entry.at).toLocaleString(locale, { dateStyle: 'short', timeStyle: 'medium' })}
                  </td>
                  <td>{words.actions[entry.action] ?? entry.action}</td>
                  <td>
                    <code>{entry.record}</code>
                  </td>
                  <td>
                    <code>{entry.key}</code>
                  </td>
                  <td>{entry.tenant}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {cursor !== null && <Button onPress={() => load(filter, cursor)}>{texts.more}</Button>}
    </div>
  );
}
