import { type FormEvent, useState } from 'react';
import { Button, Input, Label, TextField } from 'react-aria-components';
import { read } from '../api.ts';
import { EraseRecord } from '../erase-record.tsx';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';
import { RecordCard } from '../record-card.tsx';

interface SubjectRecord {
  readonly record: string;
  readonly kind: 'extraction' | 'answer';
  readonly tenant: string;
  readonly created_at: string;
  readonly status: 'kept' | 'erased';
  readonly accesses: readonly { readonly at: string; readonly action: string; readonly key: string }[];
}

/** What is known of the holder of a NIK, who has seen it, and its erasure. The NIK goes in a body, never in an address. */
export function SubjectSearch() {
  const { locale, texts } = useLanguage();
  const { log, subject: words } = texts.activity;
  const [nik, setNik] = useState('');
  const [isShown, setShown] = useState(false);
  const [records, setRecords] = useState<readonly SubjectRecord[] | null>(null);
  const [opened, setOpened] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);

  const search = () => {
    setProblem(null);
    read<{ data: SubjectRecord[] }>('v1/admin/subjects/search', { json: { nik: nik.trim(), limit: 100 } }).then(
      ({ data }) => setRecords(data),
      setProblem,
    );
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    search();
  };
  const time = (at: string) => new Date(at).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <section className="found" aria-label={words.title}>
      <h2 className="title">{words.title}</h2>
      <form className="row" onSubmit={submit}>
        <TextField value={nik} onChange={setNik} type={isShown ? 'text' : 'password'} maxLength={16}>
          <Label>NIK</Label>
          <Input autoComplete="off" inputMode="numeric" spellCheck="false" />
        </TextField>
        <Button onPress={() => setShown(!isShown)}>{isShown ? texts.record.mask : words.showTyped}</Button>
        <Button type="submit" className="primary" isDisabled={!/^\s*\d{16}\s*$/.test(nik)}>
          {words.search}
        </Button>
      </form>
      <p className="help">{words.help}</p>
      <Problem of={problem} />
      {records?.length === 0 && <p role="status">{words.none}</p>}
      {records && records.length > 0 && (
        <ul className="lines" aria-label={words.records}>
          {records.map(({ accesses, created_at, kind, record, status, tenant }) => (
            <li key={record}>
              <div>
                <code>{record}</code>
                <span className="help block">
                  {words.kinds[kind]} · {time(created_at)} · {tenant} · {words.statuses[status]}
                </span>
                <details>
                  <summary>{words.accesses(accesses.length)}</summary>
                  <ul className="help">
                    {accesses.map((access, index) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: a list that does not change
                      <li key={index}>
                        {time(access.at)} · {log.actions[access.action] ?? access.action} · {access.key}
                      </li>
                    ))}
                  </ul>
                </details>
              </div>
              {kind === 'extraction' && status === 'kept' && (
                <span className="row">
                  <Button onPress={() => setOpened(record)}>{words.open}</Button>
                  <EraseRecord
                    path={`v1/ktp/extractions/${record}`}
                    record={record}
                    onErased={search}
                    onProblem={setProblem}
                  />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {opened !== null && <RecordCard record={opened} title={words.card} onClose={() => setOpened(null)} />}
    </section>
  );
}
