import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useState } from 'react';
import { Button, DropZone, FileTrigger } from 'react-aria-components';
import { useLanguage } from '../language.tsx';

export interface Question {
  readonly text: string;
  /** A picture as a data URL; it stays in this page. */
  readonly image: string | null;
}

export interface ComposerProps {
  /** Whether an answer is on its way. */
  readonly isBusy: boolean;
  readonly isReady: boolean;
  readonly onSend: (question: Question) => void;
  readonly onStop: () => void;
}

/** Where a question is written, and a picture put beside it: chosen, dropped or pasted. */
export function Composer({ isBusy, isReady, onSend, onStop }: ComposerProps) {
  const { texts } = useLanguage();
  const { chat: words } = texts;
  const [text, setText] = useState('');
  const [image, setImage] = useState<string | null>(null);
  const canSend = isReady && !isBusy && (text.trim() !== '' || image !== null);

  const attach = (file: File | undefined) => {
    if (!file) return;
    const reader = new FileReader();
    reader.onload = () => setImage(String(reader.result));
    reader.readAsDataURL(file);
  };
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSend) return;
    onSend({ text: text.trim(), image });
    setText('');
    setImage(null);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const paste = (event: ClipboardEvent) => {
    const file = [...event.clipboardData.files].find(({ type }) => type.startsWith('image/'));
    if (!file) return;
    event.preventDefault();
    attach(file);
  };
  return (
    <DropZone
      className="composer"
      aria-label={words.drop}
      onDrop={({ items }) => {
        const item = items.find((each) => each.kind === 'file');
        if (item?.kind === 'file') item.getFile().then(attach, () => undefined);
      }}
    >
      <form onSubmit={submit}>
        {image !== null && (
          <div className="attached">
            <img src={image} alt={words.picture} />
            <Button className="quiet" onPress={() => setImage(null)}>
              {words.remove}
            </Button>
          </div>
        )}
        <textarea
          aria-label={words.question}
          placeholder={words.question}
          rows={2}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          onPaste={paste}
        />
        <div className="row">
          <FileTrigger acceptedFileTypes={['image/*']} onSelect={(files) => attach(files?.[0])}>
            <Button>{words.attach}</Button>
          </FileTrigger>
          <span className="help">{words.keys}</span>
          {isBusy ? (
            <Button className="end" onPress={onStop}>
              {words.stop}
            </Button>
          ) : (
            <Button type="submit" className="primary end" isDisabled={!canSend}>
              {words.send}
            </Button>
          )}
        </div>
      </form>
    </DropZone>
  );
}
