import { useEffect, useState } from 'react';
import { FIELD_NAMES, type FieldName } from '../../src/ktp/field-names.ts';
import { type Box, type CardResult, levelOf } from './card.ts';
import { useLanguage } from './language.tsx';

/** A picture to draw: where its bytes are, its size as the browser shows it, and how far it is to be turned. */
export interface Picture {
  readonly url: string;
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise to upright. */
  readonly rotation: number;
}

/** Size of a picture by the browser, which turns it as its EXIF says; null: the browser cannot show it. */
export function usePicture(blob: Blob | null, rotation = 0): Picture | null {
  const [picture, setPicture] = useState<Omit<Picture, 'rotation'> | null>(null);
  useEffect(() => {
    setPicture(null);
    if (!blob) return;
    const url = URL.createObjectURL(blob);
    const image = new Image();
    image.onload = () => setPicture({ url, width: image.naturalWidth, height: image.naturalHeight });
    image.src = url;
    return () => {
      image.onload = null;
      URL.revokeObjectURL(url);
    };
  }, [blob]);
  return picture && { ...picture, rotation };
}

function uprightSize({ height, rotation, width }: Picture): [width: number, height: number] {
  return rotation % 180 === 0 ? [width, height] : [height, width];
}

function Turned({ picture }: { readonly picture: Picture }) {
  const { height, rotation, url, width } = picture;
  const [uprightWidth, uprightHeight] = uprightSize(picture);
  const shift = { 90: [uprightWidth, 0], 180: [uprightWidth, uprightHeight], 270: [0, uprightHeight] }[rotation] ?? [
    0, 0,
  ];
  return (
    <image href={url} width={width} height={height} transform={`translate(${shift.join(' ')}) rotate(${rotation})`} />
  );
}

export interface CardPictureProps {
  readonly picture: Picture;
  readonly fields: CardResult['fields'];
  readonly active: FieldName | null;
  readonly onHover?: (name: FieldName | null) => void;
  readonly onPick?: (name: FieldName) => void;
}

/** The upright picture, with a box around each field that was seen. */
export function CardPicture({ active, fields, onHover, onPick, picture }: CardPictureProps) {
  const { texts } = useLanguage();
  const [width, height] = uprightSize(picture);
  const line = Math.max(width, height) / 350;
  return (
    <svg className="card-picture" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={texts.picture}>
      <Turned picture={picture} />
      {FIELD_NAMES.map((name) => {
        const { box } = fields[name];
        if (!box) return null;
        const [left, top, right, bottom] = box;
        return (
          // For pointers only: the list beside it says and does the same by keyboard.
          <rect
            key={name}
            className={`box ${levelOf(fields[name])}${active === name ? ' active' : ''}`}
            x={left * width - line}
            y={top * height - line}
            width={(right - left) * width + 2 * line}
            height={(bottom - top) * height + 2 * line}
            rx={line}
            strokeWidth={line}
            onPointerEnter={() => onHover?.(name)}
            onPointerLeave={() => onHover?.(null)}
            onPointerDown={() => onPick?.(name)}
          />
        );
      })}
    </svg>
  );
}

const CROP_HEIGHT_REM = 3.4;

/** One field, cut out of the picture, with some room around it. */
export function FieldCrop({
  box,
  label,
  picture,
}: {
  readonly box: Box;
  readonly label: string;
  readonly picture: Picture;
}) {
  const { texts } = useLanguage();
  const [width, height] = uprightSize(picture);
  const [left, top, right, bottom] = box;
  const room = (bottom - top) * height * 0.35;
  const lead = (bottom - top) * height * 0.15;
  const cutWidth = (right - left) * width + 2 * room;
  const cutHeight = (bottom - top) * height + 2 * lead;
  const ratio = cutWidth / cutHeight;
  return (
    <svg
      className="field-crop"
      // As wide as there is room, and no higher than a line has to be: never with the lines above and below it.
      style={{ aspectRatio: ratio, width: `min(100%, ${CROP_HEIGHT_REM * ratio}rem)` }}
      viewBox={`${left * width - room} ${top * height - lead} ${cutWidth} ${cutHeight}`}
      role="img"
      aria-label={texts.cropOf(label)}
    >
      <Turned picture={picture} />
    </svg>
  );
}
