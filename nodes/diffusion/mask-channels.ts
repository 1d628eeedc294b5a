import type { Image, Mask } from '../kit/index.ts';

/** The colours of a picture, in order. */
export const colours = ['red', 'green', 'blue'] as const;

/** One colour of a picture `[b, h, w, 3]` as a mask `[b, h, w]`. */
export function toMask({ dims: [batch = 0, height = 0, width = 0, channels = 0], data }: Image, colour: (typeof colours)[number]): Mask {
  const channel = colours.indexOf(colour);
  const values = Float32Array.from({ length: batch * height * width }, (_, i) => data[i * channels + channel] ?? 0);
  return { dims: [batch, height, width], data: values };
}

/** A mask `[b, h, w]` as a grey picture `[b, h, w, 3]`. */
export const toPicture = ({ dims, data }: Mask): Image => ({
  dims: [...dims, 3],
  data: Float32Array.from({ length: 3 * data.length }, (_, i) => data[Math.floor(i / 3)] ?? 0),
});

/** 1 where a picture has exactly a colour 0xRRGGBB, each channel rounded to 8 bits. */
export function pixelsOfColour({ dims: [batch = 0, height = 0, width = 0, channels = 0], data }: Image, rgb: number): Mask {
  const wanted = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
  const byte = (value: number): number => Math.round(Math.min(Math.max(value, 0), 1) * 255);
  const values = Float32Array.from({ length: batch * height * width }, (_, i) =>
    Number(wanted.every((one, c) => byte(data[i * channels + c] ?? 0) === one)),
  );
  return { dims: [batch, height, width], data: values };
}
