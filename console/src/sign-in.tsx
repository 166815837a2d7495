import { type FormEvent, useState } from 'react';
import { Button, FieldError, Input, Label, Text, TextField } from 'react-aria-components';
import { ApiFailure, read } from './api.ts';
import { useLanguage } from './language.tsx';

export interface SignInProps {
  readonly onSignedIn: (session: { readonly signed_in: boolean; readonly scopes: readonly string[] }) => void;
}

/** Takes an API key; it goes to the server once, and comes back as a cookie that no script can read. */
export function SignIn({ onSignedIn }: SignInProps) {
  const { explain, texts } = useLanguage();
  const [key, setKey] = useState('');
  const [fault, setFault] = useState<unknown>(null);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setFault(null);
    read<Parameters<SignInProps['onSignedIn']>[0]>('console/session', { json: { key } }).then(
      (session) => {
        setKey('');
        onSignedIn(session);
      },
      (error: unknown) => {
        const isWrong = error instanceof ApiFailure && error.status === 401;
        setFault(isWrong ? texts.wrongKey : error);
      },
    );
  };
  return (
    <form className="sign-in panel" onSubmit={submit}>
      <h2 className="title">{texts.signIn}</h2>
      <TextField
        value={key}
        onChange={(typed) => {
          setKey(typed);
          setFault(null);
        }}
        isInvalid={fault !== null}
        validationBehavior="aria"
        type="password"
        autoFocus
      >
        <Label>{texts.keyLabel}</Label>
        <Input autoComplete="current-password" spellCheck="false" />
        <Text slot="description">{texts.keyHelp}</Text>
        <FieldError>{fault !== null && explain(fault)}</FieldError>
      </TextField>
      <Button type="submit" className="primary">
        {texts.signIn}
      </Button>
    </form>
  );
}
