import { drawBackground } from '../background.ts';
import { CARD_RATIO, drawCard } from '../draw-card.ts';
import { registerFonts, SANS, SANS_BOLD } from '../fonts.ts';
import { viewOf } from '../homography.ts';
import { gaussianSource } from '../noise-field.ts';
import { blurGaussian } from '../optics.ts';
import type { Random } from '../random.ts';
import { createRaster, drawWithAlpha, type RgbaRaster } from '../raster.ts';
import type { Shot } from '../shot.ts';
import { bilinear, paint } from '../warp.ts';
import { byStrength, type Level } from './level.ts';

/** The back of a card: an abstract one of our own, with words that no field has. */
function drawBack(width: number, random: Random): RgbaRaster {
  registerFonts();
  const height = Math.round(width / CARD_RATIO);
  return drawWithAlpha(width, height, (context) => {
    drawBackground(context, width, height, 'citizen', random);
    context.textAlign = 'center';
    context.fillStyle = '#20242b';
    context.font = `${0.075 * height}px ${SANS_BOLD}`;
    context.fillText('REPUBLIK INDONESIA', width / 2, 0.2 * height);
    context.fillText('KARTU TANDA PENDUDUK', width / 2, 0.86 * height);
    context.font = `${0.04 * height}px ${SANS}`;
    context.fillText('SPESIMEN: bukan kartu yang berlaku', width / 2, 0.94 * height);
    context.beginPath();
    context.arc(width / 2, 0.5 * height, 0.19 * height, 0, 2 * Math.PI);
    context.lineWidth = 0.012 * height;
    context.strokeStyle = '#8a7440';
    context.stroke();
  });
}

/** Front and back copied onto one A4 page, one below the other, as forms ask for them; 250 to 120 dots an inch. */
export const bothSides: Level = async (request) => {
  const { random, strength } = request;
  const dots = byStrength(strength, [250, 200, 150, 120]);
  const [width, height] = [Math.round(8.27 * dots), Math.round(11.69 * dots)];
  const cardWidth = 3.37 * dots;
  const card = await drawCard(request.seed, { width: Math.max(900, cardWidth * 1.5) });
  const back = drawBack(Math.round(cardWidth * 1.5), random.fork('back'));
  const raster = createRaster(width, height, [248, 248, 247]);
  const middle = width * random.between(0.35, 0.65);
  const apart = cardWidth / CARD_RATIO + cardWidth * random.between(0.04, 0.3);
  const top = height * random.between(0.15, 0.3);
  const frontFirst = random.chance(0.7);
  const lay = (picture: RgbaRaster, y: number) => {
    const view = viewOf(picture.width, picture.height, {
      centre: [middle + random.between(-0.05, 0.05) * cardWidth, y],
      cardWidth,
      roll: random.between(-1, 1) * byStrength(strength, [0.5, 1.5, 3, 4]),
      pitch: 0,
      yaw: 0,
      distance: 60,
    });
    paint(raster, picture.width, picture.height, view, bilinear(picture));
    return view;
  };
  lay(back, frontFirst ? top + apart : top);
  const view = lay(card.picture, frontFirst ? top : top + apart);
  const shot: Shot = { raster, card, view, loss: new Float32Array(width * height) };
  const gaussian = gaussianSource(random.fork('scanner'));
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = (raster.data[i] as number) + 1.6 * gaussian();
  blurGaussian(raster, 0.5);
  return { shot, passes: [{ quality: byStrength(strength, [90, 82, 75, 62]) }] };
};
