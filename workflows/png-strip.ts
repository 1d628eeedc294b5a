import { readChunks, writeChunks } from './png-chunks.ts';

/** Chunks that say how a picture looks; all others say something about it. */
const looks = new Set([
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'cHRM',
  'sRGB',
  'iCCP',
  'cICP',
  'sBIT',
  'bKGD',
  'pHYs',
  'acTL',
  'fcTL',
  'fdAT',
]);

/** The PNG without any text, date or camera data; its pixels are untouched. Throws `bad-image`. */
export const stripPng = (bytes: Uint8Array): Uint8Array => writeChunks(readChunks(bytes, new Set()).filter(({ type }) => looks.has(type)));
