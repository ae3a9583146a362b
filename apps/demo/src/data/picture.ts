import { readFileSync } from "node:fs";
import { convertIndexedToRgb, decode } from "fast-png";

/** Cells along each side of the thumbnail that the encoder sees. */
const grid = 10;
/** Levels of each colour channel in the histogram. */
const levels = 4;

/** Numbers that describe one picture. */
export const pictureFeatures: number = grid * grid * 3 + levels ** 3;

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha of each pixel, 0 to 255. */
  readonly data: ArrayLike<number>;
}

/** A PNG file as a feature vector: a small thumbnail on white, inverted so that background is 0, and its colours. */
export function readFeatures(file: string): Float32Array {
  const pixels = readPixels(file);
  const features = new Float32Array(pictureFeatures);
  features.set(thumbnail(pixels));
  features.set(histogram(pixels), grid * grid * 3);
  return features;
}

function readPixels(file: string): Pixels {
  const png = decode(readFileSync(file));
  const { palette } = png;
  const data = palette === undefined ? png.data : convertIndexedToRgb(png);
  const channels = palette === undefined ? png.channels : (palette[0]?.length ?? 0);
  if (channels !== 4 || png.depth > 8) {
    throw new TypeError(
      `${file}: the picture must have 8-bit red, green, blue and alpha, got ${channels} channels of ${png.depth} bits.`,
    );
  }
  return { width: png.width, height: png.height, data };
}

/** The mean of 255 - colour over white, per cell and channel, scaled to [0, 1]. */
function thumbnail({ width, height, data }: Pixels): Float32Array {
  const sums = new Float32Array(grid * grid * 3);
  const counts = new Float32Array(grid * grid);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * grid) / height) * grid + Math.floor((x * grid) / width);
      const pixel = (y * width + x) * 4;
      const opacity = (data[pixel + 3] ?? 0) / 255;
      counts[cell] = (counts[cell] ?? 0) + 1;
      for (let channel = 0; channel < 3; channel++) {
        const at = cell * 3 + channel;
        sums[at] = (sums[at] ?? 0) + opacity * (1 - (data[pixel + channel] ?? 0) / 255);
      }
    }
  }
  return sums.map((sum, i) => sum / (counts[Math.floor(i / 3)] ?? 1));
}

/** Square roots of the share of each coarse colour, so that small coloured parts count. */
function histogram({ data }: Pixels): Float32Array {
  const shares = new Float32Array(levels ** 3);
  let total = 0;
  for (let pixel = 0; pixel < data.length; pixel += 4) {
    const opacity = (data[pixel + 3] ?? 0) / 255;
    const level = (channel: number): number =>
      Math.min(levels - 1, Math.floor(((data[pixel + channel] ?? 0) * levels) / 256));
    const bin = (level(0) * levels + level(1)) * levels + level(2);
    shares[bin] = (shares[bin] ?? 0) + opacity;
    total += opacity;
  }
  return shares.map((share) => Math.sqrt(share / Math.max(total, 1)));
}
