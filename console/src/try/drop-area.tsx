import { useEffect, useState } from 'react';
import { Button, DropZone, FileTrigger } from 'react-aria-components';
import first from '../../../examples/ktp-1.jpg';
import second from '../../../examples/ktp-2.jpg';
import third from '../../../examples/ktp-3.jpg';
import { useLanguage } from '../language.tsx';
import { Camera, canUseCamera } from './camera.tsx';
import smallFirst from './samples/ktp-1.webp';
import smallSecond from './samples/ktp-2.webp';
import smallThird from './samples/ktp-3.webp';

/** What is shown of a sample, and the picture itself, which is fetched once somebody takes it. */
const SAMPLES = [
  { small: smallFirst, url: first },
  { small: smallSecond, url: second },
  { small: smallThird, url: third },
];
const ACCEPTED = ['image/*', 'application/pdf', '.heic', '.heif'];

/** Takes a picture: dropped, pasted, chosen, from the camera, or one of the drawn samples. */
export function DropArea({ onFile }: { readonly onFile: (file: Blob) => void }) {
  const { texts } = useLanguage();
  const [isCameraOn, setCameraOn] = useState(false);
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
  if (isCameraOn) return <Camera onPicture={onFile} onClose={() => setCameraOn(false)} />;
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
          {canUseCamera() ? (
            <Button onPress={() => setCameraOn(true)}>{texts.drop.camera}</Button>
          ) : (
            <FileTrigger acceptedFileTypes={['image/*']} defaultCamera="environment" onSelect={select}>
              <Button className="phone-only">{texts.drop.camera}</Button>
            </FileTrigger>
          )}
        </div>
      </DropZone>
      <h2>{texts.drop.samples}</h2>
      <ul className="samples">
        {SAMPLES.map(({ small, url }, index) => (
          <li key={url}>
            <Button
              aria-label={texts.drop.sample(index + 1)}
              onPress={() => {
                fetch(url)
                  .then((response) => response.blob())
                  .then(onFile, () => undefined);
              }}
            >
              <img src={small} alt="" />
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
