import { type Mark, stamp, writeAcross, writeTiled } from '../marks.ts';
import type { Random } from '../random.ts';
import type { Shot } from '../shot.ts';
import { copyGrey } from './copy.ts';
import { byStrength, type Level, type LevelRequest, type Strength } from './level.ts';
import { photo } from './photo.ts';
import { scan } from './scan.ts';

const PAINTS = ['#606060', '#303030', '#b02020', '#2040a0', '#c01818'];
const INKS = ['#5030a0', '#2038a8', '#b01830', '#402090'];

/** Words of a purpose that the holder wrote over the picture: once across it, or all over. */
export const watermark: Level = async (request) => {
  const { strength, random } = request;
  const rendered = await random.pick([scan, scan, photo])(plain(request));
  const mark: Mark = {
    colour: random.pick(PAINTS),
    opacity: byStrength(strength, [0.25, 0.36, 0.48, 0.55]) * random.between(0.85, 1.1),
    ink: random.chance(0.3),
  };
  const write = random.pick([writeAcross, writeTiled]);
  write(rendered.shot, mark, random.fork('words'));
  return rendered;
};

/** A copy that an office stamped: on the scan, the photo or the grey copy. */
export const stamped: Level = async (request) => {
  const { strength, random } = request;
  const rendered = await random.pick([scan, copyGrey, photo])(plain(request));
  const press = (shot: Shot, fork: Random): void =>
    stamp(
      shot,
      {
        colour: fork.pick(INKS),
        opacity: byStrength(strength, [0.5, 0.68, 0.82, 0.9]) * fork.between(0.9, 1.05),
        ink: true,
      },
      fork,
    );
  press(rendered.shot, random.fork('stamp'));
  if (strength === 'severe') press(rendered.shot, random.fork('second'));
  return rendered;
};

/** What is marked is a fair picture otherwise. */
function plain(request: LevelRequest): LevelRequest {
  const fair: Strength = request.strength === 'mild' ? 'mild' : 'moderate';
  return { ...request, strength: fair };
}
