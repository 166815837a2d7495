export type Pair = readonly [x: number, y: number];

/** 3x3 matrix, row by row, that maps points of a plane to a picture. */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

export function project(h: Homography, x: number, y: number): Pair {
  const w = h[6] * x + h[7] * y + h[8];
  return [(h[0] * x + h[1] * y + h[2]) / w, (h[3] * x + h[4] * y + h[5]) / w];
}

export function invert(h: Homography): Homography {
  const [a, b, c, d, e, f, g, i, j] = h;
  const A = e * j - f * i;
  const B = c * i - b * j;
  const C = b * f - c * e;
  const k = a * A + d * B + g * C;
  const [D, E, F] = [f * g - d * j, a * j - c * g, c * d - a * f];
  const [G, I, J] = [d * i - e * g, b * g - a * i, a * e - b * d];
  return [A / k, B / k, C / k, D / k, E / k, F / k, G / k, I / k, J / k];
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

type Triple = readonly [number, number, number];

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A pinhole camera's view of a flat card of `width` x `height` pixels. */
export function viewOf(width: number, height: number, pose: Pose): Homography {
  const [sr, cr] = [Math.sin(radians(pose.roll)), Math.cos(radians(pose.roll))];
  const [sp, cp] = [Math.sin(radians(pose.pitch)), Math.cos(radians(pose.pitch))];
  const [sy, cy] = [Math.sin(radians(pose.yaw)), Math.cos(radians(pose.yaw))];
  // Columns of roll * pitch * yaw for the card's x and y axes.
  const xAxis: Triple = [cr * cy - sr * sp * sy, sr * cy + cr * sp * sy, -cp * sy];
  const yAxis: Triple = [-sr * cp, cr * cp, sp];
  const scale = pose.cardWidth / width;
  const depth = pose.distance * width;
  const focal = depth * scale;
  const [u, v] = pose.centre;
  const [x0, y0] = [-width / 2, -height / 2];
  const row = (axis: 0 | 1 | 2): Triple => {
    const [a, b] = [xAxis[axis], yAxis[axis]];
    return [a, b, a * x0 + b * y0 + (axis === 2 ? depth : 0)];
  };
  const [rx, ry, rz] = [row(0), row(1), row(2)];
  const mix = ([a, b, c]: Triple, offset: number): Triple => [
    focal * a + offset * rz[0],
    focal * b + offset * rz[1],
    focal * c + offset * rz[2],
  ];
  return [...mix(rx, u), ...mix(ry, v), ...rz];
}
