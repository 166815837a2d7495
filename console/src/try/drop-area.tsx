import { useEffect } from 'react';
import { Button, DropZone, FileTrigger } from 'react-aria-components';
import first from '../../../examples/ktp-1.jpg';
import second from '../../../examples/ktp-2.jpg';
import third from '../../../examples/ktp-3.jpg';
import { useLanguage } from '../language.tsx';

const SAMPLES = [first, second, third];
const ACCEPTED = ['image/*', 'application/pdf', '.heic', '.heif'];

/** Takes a picture: dropped, pasted, chosen, from the camera of a phone, or one of the drawn samples. */
export function DropArea({ onFile }: { readonly onFile: (file: Blob) => void }) {
  const { texts } = useLanguage();
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const [file] = event.clipboardData?.files ?? [];
      if (file) onFile(file);
    };
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, [onFile]);

  const select = (files: FileList | null) => {
    const [file] = files ?? [];
    if (file) onFile(file);
  };
  return (
    <div className="intake">
      <DropZone
        className="drop"
        aria-label={texts.drop.title}
        onDrop={({ items }) => {
          const item = items.find((each) => each.kind === 'file');
          if (item?.kind === 'file') item.getFile().then(onFile, () => undefined);
        }}
      >
        <h2 className="title">{texts.drop.title}</h2>
        <p>{texts.drop.help}</p>
        <div className="row">
          <FileTrigger acceptedFileTypes={ACCEPTED} onSelect={select}>
            <Button className="primary">{texts.drop.choose}</Button>
          </FileTrigger>
          <FileTrigger acceptedFileTypes={['image/*']} defaultCamera="environment" onSelect={select}>
            <Button className="phone-only">{texts.drop.camera}</Button>
          </FileTrigger>
        </div>
      </DropZone>
      <h2>{texts.drop.samples}</h2>
      <ul className="samples">
        {SAMPLES.map((url, index) => (
          <li key={url}>
            <Button
              aria-label={texts.drop.sample(index + 1)}
              onPress={() => {
                fetch(url)
                  .then((response) => response.blob())
                  .then(onFile, () => undefined);
              }}
            >
              <img src={url} alt="" loading="lazy" />
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
