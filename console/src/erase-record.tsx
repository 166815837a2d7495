import { useState } from 'react';
import { Button } from 'react-aria-components';
import { call } from './api.ts';
import { useLanguage } from './language.tsx';
import { saveFile } from './save-file.ts';

export interface EraseRecordProps {
  /** Path of the record in the API. */
  readonly path: string;
  readonly record: string;
  readonly onErased: () => void;
  readonly onProblem: (error: unknown) => void;
}

/** Erases a record once that was said twice, and hands over the certificate of it. */
export function EraseRecord({ onErased, onProblem, path, record }: EraseRecordProps) {
  const { texts } = useLanguage();
  const [isAsked, setAsked] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const erase = async () => {
    setBusy(true);
    try {
      await call(path, { method: 'DELETE' });
      const certificate = await call(`v1/erasures/${record}`);
      saveFile(await certificate.blob(), `erasure-${record}.json`);
      onErased();
    } catch (error) {
      onProblem(error);
    } finally {
      setBusy(false);
      setAsked(false);
    }
  };
  if (!isAsked) {
    return (
      <Button className="danger" onPress={() => setAsked(true)}>
        {texts.erase.ask}
      </Button>
    );
  }
  return (
    <span className="row confirm">
      {texts.erase.really}
      <Button className="danger" autoFocus isDisabled={isBusy} onPress={() => void erase()}>
        {texts.erase.yes}
      </Button>
      <Button isDisabled={isBusy} onPress={() => setAsked(false)}>
        {texts.erase.no}
      </Button>
    </span>
  );
}
