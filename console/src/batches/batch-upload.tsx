import { useRef, useState } from 'react';
import { Button, DropZone, FileTrigger } from 'react-aria-components';
import { useLanguage } from '../language.tsx';
import { Problem } from '../problem.tsx';
import { droppedFiles, isArchive, type NamedFile, namedFiles } from './collect-files.ts';
import { type BatchOptions, type Progress, uploadBatch } from './upload-batch.ts';

export interface BatchUploadProps {
  /** A batch has come to be; more of it may still be on its way. */
  readonly onBegun: (id: string) => void;
  /** Nothing is on its way any more. */
  readonly onSent: () => void;
}

const REVIEWS: readonly BatchOptions['review'][] = ['never', 'doubtful', 'always'];

/** Takes many cards: files, a folder, a ZIP; shows how much of them has gone. */
export function BatchUpload({ onBegun, onSent }: BatchUploadProps) {
  const { texts } = useLanguage();
  const { upload: words } = texts.batches;
  const [review, setReview] = useState<BatchOptions['review']>('never');
  const [progress, setProgress] = useState<(Progress & { readonly files: number }) | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);

  const send = async (files: readonly NamedFile[]) => {
    if (files.length === 0 || running.current) return;
    const controller = new AbortController();
    running.current = controller;
    setProblem(null);
    const archives = files.filter(isArchive).map((archive) => [archive]);
    const loose = files.filter((file) => !isArchive(file));
    try {
      for (const batch of [...archives, ...(loose.length > 0 ? [loose] : [])]) {
        setProgress({ files: batch.length, sentBytes: 0, totalBytes: 1 });
        await uploadBatch(
          batch,
          { review },
          {
            onBegun,
            signal: controller.signal,
            onProgress: (sent) => setProgress({ files: batch.length, ...sent }),
          },
        );
      }
    } catch (error) {
      if (!controller.signal.aborted) setProblem(error);
    } finally {
      running.current = null;
      setProgress(null);
      onSent();
    }
  };
  const select = (files: FileList | null) => void send(namedFiles(files ?? []));

  return (
    <DropZone
      className="drop batch-drop"
      aria-label={words.title}
      onDrop={({ items }) => {
        droppedFiles(items).then(send, setProblem);
      }}
    >
      <h2 className="title">{words.title}</h2>
      <p>{words.help}</p>
      {progress ? (
        <div className="sending">
          <progress aria-label={words.sending(progress.files)} max={progress.totalBytes} value={progress.sentBytes} />
          <p role="status">
            {words.sending(progress.files)}{' '}
            <span className="figure">
              {Math.floor((100 * progress.sentBytes) / Math.max(1, progress.totalBytes))} %
            </span>
          </p>
          <Button onPress={() => running.current?.abort()}>{words.stop}</Button>
        </div>
      ) : (
        <>
          <div className="row">
            <FileTrigger allowsMultiple onSelect={select}>
              <Button className="primary">{words.files}</Button>
            </FileTrigger>
            <FileTrigger acceptDirectory onSelect={select}>
              <Button>{words.folder}</Button>
            </FileTrigger>
            <FileTrigger acceptedFileTypes={['.zip', 'application/zip']} onSelect={select}>
              <Button>{words.archive}</Button>
            </FileTrigger>
          </div>
          <label className="inline">
            {words.review}{' '}
            <select
              value={review}
              onChange={(event) => setReview(REVIEWS.find((name) => name === event.target.value) ?? 'never')}
            >
              {REVIEWS.map((name) => (
                <option key={name} value={name}>
                  {words.reviews[name]}
                </option>
              ))}
            </select>
          </label>
        </>
      )}
      <Problem of={problem} />
    </DropZone>
  );
}
