import { useEffect, useRef, useState } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from '../language.tsx';
import { frameHints, type Hint } from './frame-hints.ts';

const LOOK_MS = 300;
/** Width of the frames that are looked at, pixels. */
const LOOKED_AT = 320;
const WANTED: MediaStreamConstraints = {
  video: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } },
};

/** Whether this browser lets a page ask for a camera: on the loopback, or over https. */
export function canUseCamera(): boolean {
  return navigator.mediaDevices?.getUserMedia !== undefined;
}

export interface CameraProps {
  readonly onPicture: (picture: Blob) => void;
  readonly onClose: () => void;
}

/** The camera, with a frame for the card and what is wrong with the picture while it can still be done better. */
export function Camera({ onClose, onPicture }: CameraProps) {
  const { texts } = useLanguage();
  const { camera: words } = texts;
  const video = useRef<HTMLVideoElement>(null);
  const [hints, setHints] = useState<readonly Hint[] | null>(null);
  const [isRefused, setRefused] = useState(false);

  useEffect(() => {
    let stream: MediaStream | undefined;
    let isOpen = true;
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    navigator.mediaDevices.getUserMedia(WANTED).then(
      (opened) => {
        stream = opened;
        if (isOpen && video.current) video.current.srcObject = opened;
        else stop();
      },
      () => setRefused(true),
    );
    const canvas = document.createElement('canvas');
    const timer = setInterval(() => {
      const seen = draw(video.current, canvas, LOOKED_AT);
      if (seen) setHints(frameHints(seen.getImageData(0, 0, canvas.width, canvas.height)));
    }, LOOK_MS);
    return () => {
      isOpen = false;
      clearInterval(timer);
      stop();
    };
  }, []);

  const take = () => {
    const canvas = document.createElement('canvas');
    draw(video.current, canvas, video.current?.videoWidth ?? 0);
    canvas.toBlob((picture) => picture && onPicture(picture), 'image/jpeg', 0.92);
  };
  return (
    <section className="camera" aria-label={texts.drop.camera}>
      <div className="finder">
        <video ref={video} autoPlay playsInline muted />
        <div className={hints?.length === 0 ? 'guide well' : 'guide'} aria-hidden="true" />
      </div>
      <p role="status">
        {isRefused
          ? words.refused
          : hints === null
            ? words.starts
            : hints.map((hint) => words.hints[hint]).join(' ') || words.well}
      </p>
      <div className="row">
        <Button className="primary" isDisabled={hints === null} onPress={take} autoFocus>
          {words.take}
        </Button>
        <Button onPress={onClose}>{words.close}</Button>
      </div>
    </section>
  );
}

/** Draws what the camera shows now; null: it shows nothing yet. */
function draw(video: HTMLVideoElement | null, canvas: HTMLCanvasElement, width: number) {
  if (!video || video.videoWidth === 0 || width === 0) return null;
  canvas.width = width;
  canvas.height = Math.round((width * video.videoHeight) / video.videoWidth);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return context;
}
