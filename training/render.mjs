// Renders the icon sets: pictures.u8, bytes [pictures, 128, 128, 3] on white, and pictures.json, a row a picture with its
// style, icon name, code points, CLDR short name and CLDR keywords.
//
//   cd training && npm ci && node render.mjs ../training-data
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import sharp from 'sharp';

const require = createRequire(import.meta.url);
const read = (file) => JSON.parse(readFileSync(require.resolve(file), 'utf8'));

const side = 128;
const margin = 4;
const white = '#fff';
const sets = { flat: '@iconify-json/fluent-emoji-flat', noto: '@iconify-json/noto' };

/** Left out: skin tones, mirror images, and tiles that are only writing, or near-copies that no words tell apart. */
const skipped = [
  /skin-tone|-tone[1-5]$|-(medium-)?(light|dark)$|-medium$/,
  /-facing-right$/,
  /^letter-[a-z]$|^[0-9]$|^digit-|^asterisk$|^pound(-symbol)?$|^keycap$/,
  /^japanese-/,
  /^family-/,
  /^(bald|curly-haired|red-haired|white-haired|unknown-flag|flag-martinique)$/,
];

/** Code points as text without variation selectors, the key of CLDR's annotations. */
const textOf = (hex) =>
  String.fromCodePoint(
    ...hex
      .split('-')
      .map((code) => Number.parseInt(code, 16))
      .filter((code) => code !== 0xfe0f),
  );

/** English short names and keywords of CLDR by text. */
function annotations() {
  const plain = read('cldr-annotations-full/annotations/en/annotations.json').annotations.annotations;
  const derived = read('cldr-annotations-derived-full/annotationsDerived/en/annotations.json').annotationsDerived.annotations;
  return new Map(Object.entries({ ...plain, ...derived }).map(([text, entry]) => [text.replaceAll('\uFE0F', ''), entry]));
}

/** One icon as bytes [side, side, 3]. */
async function render(icon, set) {
  const box = [icon.left ?? 0, icon.top ?? 0, icon.width ?? set.width ?? 16, icon.height ?? set.height ?? 16].join(' ');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="512" height="512" viewBox="${box}">${icon.body}</svg>`;
  return sharp(Buffer.from(svg))
    .resize(side - 2 * margin, side - 2 * margin, { fit: 'contain', background: white })
    .flatten({ background: white })
    .extend({ top: margin, bottom: margin, left: margin, right: margin, background: white })
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** Rows and bytes of one set, sorted by name. */
async function renderSet(style, words) {
  const set = read(`${sets[style]}/icons.json`);
  const codes = new Map(Object.entries(read(`${sets[style]}/chars.json`)).map(([hex, name]) => [name, hex]));
  const wanted = Object.keys(set.icons).filter((name) => !set.icons[name].hidden && !skipped.some((pattern) => pattern.test(name)));
  const rows = [];
  const bytes = [];
  for (const name of wanted.sort()) {
    const text = textOf(codes.get(name) ?? '');
    const entry = words.get(text);
    rows.push({ style, name, text, short: entry?.tts?.[0] ?? '', keywords: entry?.default ?? [] });
    bytes.push(await render(set.icons[name], set));
  }
  return { rows, bytes };
}

const folder = process.argv[2] ?? 'data';
mkdirSync(folder, { recursive: true });
const words = annotations();
const rendered = [await renderSet('flat', words), await renderSet('noto', words)];
writeFileSync(join(folder, 'pictures.u8'), Buffer.concat(rendered.flatMap(({ bytes }) => bytes)));
const rows = rendered.flatMap((set) => set.rows);
writeFileSync(join(folder, 'pictures.json'), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
console.log(`${rows.length} pictures: ${rendered.map(({ rows }, i) => `${rows.length} ${Object.keys(sets)[i]}`).join(', ')}`);
