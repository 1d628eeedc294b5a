import { Unzlib } from 'fflate';
import { GraphError } from '../nodes/kit/index.ts';
import { joinBytes, latin1 } from './bytes.ts';
import { limits, tooLarge } from './limits.ts';
import { type PngChunk, readChunks, writeChunks } from './png-chunks.ts';

const textTypes = new Set(['tEXt', 'zTXt', 'iTXt']);

/**
 * The texts that a PNG carries, by keyword; the first of a keyword counts. Reads plain, compressed and international text.
 * Damaged texts are passed over. Throws `bad-image` if it is no whole PNG, `too-large` for a text that inflates without end.
 */
export function readPngText(bytes: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const chunk of readChunks(bytes, textTypes)) {
    const entry = textTypes.has(chunk.type) ? readText(chunk) : undefined;
    if (entry !== undefined && !texts.has(entry[0])) texts.set(...entry);
  }
  return texts;
}

/** The workflow that a PNG carries: the saved graph, else the compact form. Throws `bad-document` if it carries none. */
export function readPngWorkflow(bytes: Uint8Array): string {
  const texts = readPngText(bytes);
  const text = texts.get('workflow') ?? texts.get('prompt');
  if (text === undefined)
    throw new GraphError('bad-document', 'This picture carries no workflow. Open one that was saved by a workflow, unchanged.');
  return text;
}

/** The PNG with these texts, in place of those of the same keyword: Latin-1 chunks for ASCII, international ones for the rest. */
export function writePngText(bytes: Uint8Array, entries: Iterable<readonly [string, string]>): Uint8Array {
  const written = new Map(entries);
  const chunks = readChunks(bytes, textTypes).filter((chunk) => !textTypes.has(chunk.type) || !written.has(keywordOf(chunk) ?? ''));
  const [header, ...rest] = chunks;
  if (header?.type !== 'IHDR') throw new GraphError('bad-image', 'This PNG file has no header chunk at its start. Save it again.');
  return writeChunks([header, ...[...written].map(([keyword, text]) => textChunk(keyword, text)), ...rest]);
}

function textChunk(keyword: string, text: string): PngChunk {
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,77}[\x21-\x7e])?$/.test(keyword)) {
    throw new GraphError('bad-value', `A keyword in a PNG has 1 to 79 plain characters, got “${keyword.slice(0, 40)}”.`);
  }
  const encode = (value: string): Uint8Array => new TextEncoder().encode(value);
  const ascii = /^[\t\n\r\x20-\x7e]*$/.test(text);
  return ascii ? { type: 'tEXt', data: encode(`${keyword}\0${text}`) } : { type: 'iTXt', data: encode(`${keyword}\0\0\0\0\0${text}`) };
}

function keywordOf({ data }: PngChunk): string | undefined {
  const end = data.subarray(0, 80).indexOf(0);
  return end < 1 ? undefined : latin1(data.subarray(0, end));
}

function readText(chunk: PngChunk): readonly [string, string] | undefined {
  const keyword = keywordOf(chunk);
  if (keyword === undefined) return undefined;
  const rest = chunk.data.subarray(keyword.length + 1);
  const text = chunk.type === 'tEXt' ? rest : chunk.type === 'zTXt' ? compressedText(rest) : internationalText(rest);
  if (text === undefined) return undefined;
  if (text.length > limits.document) throw tooLarge('bytes in one text of the picture', text.length, limits.document);
  return [keyword, chunk.type === 'iTXt' ? new TextDecoder().decode(text) : decodeLatin1(text)];
}

/** Strictly Latin-1, but programs write UTF-8 there too: taken as such where it is valid. */
function decodeLatin1(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** After the keyword: method 0, then zlib data. */
const compressedText = (rest: Uint8Array): Uint8Array | undefined => (rest[0] === 0 ? inflate(rest.subarray(1)) : undefined);

/** After the keyword: flag, method, language, translated keyword, text. */
function internationalText(rest: Uint8Array): Uint8Array | undefined {
  const language = rest.indexOf(0, 2);
  const translated = language < 0 ? -1 : rest.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const text = rest.subarray(translated + 1);
  if (rest[0] === 0) return text;
  return rest[0] === 1 && rest[1] === 0 ? inflate(text) : undefined;
}

/** Inflates zlib data piece by piece, so that a bomb is noticed early; undefined if it is damaged. */
function inflate(data: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = new Unzlib((part) => {
    size += part.length;
    if (size > limits.document) throw tooLarge('bytes in one text of the picture', size, limits.document);
    parts.push(part);
  });
  try {
    for (let at = 0; at < data.length; at += 16_384) stream.push(data.subarray(at, at + 16_384), at + 16_384 >= data.length);
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    return undefined;
  }
  return joinBytes(parts);
}
