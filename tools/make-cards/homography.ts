export type Pair = readonly [x: number, y: number];

/** 3x3 matrix, row by row, that maps points of a plane to a picture. */
export type Homography = readonly number[];

const at = (h: Homography, i: number): number => h[i] as number;

export function project(h: Homography, x: number, y: number): Pair {
  const w = at(h, 6) * x + at(h, 7) * y + at(h, 8);
  return [(at(h, 0) * x + at(h, 1) * y + at(h, 2)) / w, (at(h, 3) * x + at(h, 4) * y + at(h, 5)) / w];
}

export function invert(h: Homography): Homography {
  const [a, b, c, d, e, f, g, i, j] = h as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const A = e * j - f * i;
  const B = c * i - b * j;
  const C = b * f - c * e;
  const determinant = a * A + d * B + g * C;
  return [A, B, C, f * g - d * j, a * j - c * g, c * d - a * f, d * i - e * g, b * g - a * i, a * e - b * d].map(
    (value) => value / determinant,
  );
}

export interface Pose {
  /** Centre of the card in pixels of the picture. */
  readonly centre: Pair;
  /** Width of the card in pixels of the picture, where it faces the camera. */
  readonly cardWidth: number;
  /** Degrees, clockwise in the picture. */
  readonly roll: number;
  /** Degrees about the card's horizontal axis. */
  readonly pitch: number;
  /** Degrees about the card's vertical axis. */
  readonly yaw: number;
  /** Distance of the camera in card widths: small ones give strong perspective. */
  readonly distance: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A pinhole camera's view of a flat card of `width` x `height` pixels. */
export function viewOf(width: number, height: number, pose: Pose): Homography {
  const [sr, cr] = [Math.sin(radians(pose.roll)), Math.cos(radians(pose.roll))];
  const [sp, cp] = [Math.sin(radians(pose.pitch)), Math.cos(radians(pose.pitch))];
  const [sy, cy] = [Math.sin(radians(pose.yaw)), Math.cos(radians(pose.yaw))];
  // Columns of roll * pitch * yaw for the card's x and y axes.
  const xAxis = [cr * cy - sr * sp * sy, sr * cy + cr * sp * sy, -cp * sy];
  const yAxis = [-sr * cp, cr * cp, sp];
  const scale = pose.cardWidth / width;
  const depth = pose.distance * width;
  const focal = depth * scale;
  const [u, v] = pose.centre;
  const [x0, y0] = [-width / 2, -height / 2];
  const row = (axis: number): [number, number, number] => {
    const a = xAxis[axis] as number;
    const b = yAxis[axis] as number;
    return [a, b, a * x0 + b * y0 + (axis === 2 ? depth : 0)];
  };
  const [rx, ry, rz] = [row(0), row(1), row(2)];
  const mix = (plane: readonly number[], offset: number): number[] =>
    plane.map((value, i) => focal * value + offset * (rz[i] as number));
  return [...mix(rx, u), ...mix(ry, v), ...rz];
}
