import fc from 'fast-check';
import { zlibSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { crc32 } from '../../workflows/crc.ts';
import { isPng, readPngText, readPngWorkflow, writePngText } from '../../workflows/index.ts';
import { readChunks, writeChunks } from '../../workflows/png-chunks.ts';
import { failure } from './failure.ts';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** One grey pixel. */
const header = joined(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0));
const image = { type: 'IDAT', data: zlibSync(Uint8Array.of(0, 128)) };
const png = (...chunks: readonly { type: string; data: Uint8Array }[]): Uint8Array =>
  writeChunks([{ type: 'IHDR', data: header }, ...chunks, image, { type: 'IEND', data: new Uint8Array() }]);

describe('crc32', () => {
  it('has the published check value', () => {
    expect(crc32(bytesOf('123456789'))).toBe(0xcbf43926);
    expect(crc32(bytesOf('IEND'))).toBe(0xae426082);
  });
});

describe('readPngText', () => {
  it('reads plain, compressed and international texts', () => {
    const utf8 = new TextEncoder().encode('ünïcode 名前');
    const file = png(
      { type: 'tEXt', data: bytesOf('prompt\0{"1": 2}') },
      { type: 'zTXt', data: joined(bytesOf('workflow\0\0'), zlibSync(bytesOf('{"nodes": []}'))) },
      { type: 'iTXt', data: joined(bytesOf('plain\0\0\0en\0Titel\0'), utf8) },
      { type: 'iTXt', data: joined(bytesOf('packed\0\x01\0\0\0'), zlibSync(utf8)) },
      { type: 'tEXt', data: bytesOf('latin\0caf\xe9') },
      { type: 'tEXt', data: bytesOf('prompt\0second') },
    );
    expect([...readPngText(file)]).toEqual([
      ['prompt', '{"1": 2}'],
      ['workflow', '{"nodes": []}'],
      ['plain', 'ünïcode 名前'],
      ['packed', 'ünïcode 名前'],
      ['latin', 'café'],
    ]);
  });

  it('passes damaged texts over', () => {
    const file = png({ type: 'tEXt', data: bytesOf('a\0good') }, { type: 'tEXt', data: bytesOf('b\0spoilt') });
    const at = new TextDecoder('latin1').decode(file).indexOf('spoilt');
    file[at] = 0;
    expect([...readPngText(file).keys()]).toEqual(['a']);
    const odd = png(
      { type: 'zTXt', data: bytesOf('x\0\0not zlib at all') },
      { type: 'zTXt', data: bytesOf('y\0\x07') },
      { type: 'iTXt', data: bytesOf('z\0\0\0no end') },
      { type: 'tEXt', data: bytesOf('no keyword') },
      { type: 'tEXt', data: bytesOf('\0empty keyword') },
      { type: 'tEXt', data: bytesOf('k'.repeat(90)) },
    );
    expect(readPngText(odd).size).toBe(0);
  });

  it('refuses what is no PNG, or only half of one, or claims more than there is', () => {
    expect(failure(() => readPngText(bytesOf('GIF89a'))).code).toBe('bad-image');
    expect(failure(() => readPngText(new Uint8Array())).code).toBe('bad-image');
    const file = png({ type: 'tEXt', data: bytesOf('a\0b') });
    expect(failure(() => readPngText(file.subarray(0, 40))).code).toBe('bad-image');
    new DataView(file.buffer).setUint32(8, 0x80000000);
    expect(failure(() => readPngText(file)).code).toBe('bad-image');
  });

  it('refuses a text that inflates without end', () => {
    const bomb = zlibSync(new Uint8Array(40 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    const file = png({ type: 'zTXt', data: joined(bytesOf('workflow\0\0'), bomb) });
    expect(failure(() => readPngText(file)).code).toBe('too-large');
  });

  it('reads through a view into a bigger buffer, and past ten thousand chunks', () => {
    const file = png(...Array.from({ length: 10_000 }, (_, i) => ({ type: 'tEXt', data: bytesOf(`k${i}\0v`) })));
    const big = new Uint8Array(file.length + 7);
    big.set(file, 7);
    expect(readPngText(big.subarray(7)).size).toBe(10_000);
  });

  it('throws nothing but GraphError for any bytes', () => {
    const start = png();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(start.length), (noise, cut) => {
        try {
          readPngText(joined(start.subarray(0, cut), noise));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GraphError);
        }
      }),
    );
  });
});

describe('writePngText', () => {
  it('writes what readPngText reads, plain for ASCII, international for the rest', () => {
    const texts = new Map([
      ['workflow', '{\n"a": 1}'],
      ['prompt', 'größer 名前'],
    ]);
    const file = writePngText(png(), texts);
    expect(isPng(file)).toBe(true);
    expect(readPngText(file)).toEqual(texts);
    expect(readChunks(file, new Set(['IHDR', 'tEXt', 'iTXt', 'IDAT', 'IEND'])).map(({ type }) => type)).toEqual([
      'IHDR',
      'tEXt',
      'iTXt',
      'IDAT',
      'IEND',
    ]);
  });

  it('replaces texts of the same keyword and keeps others', () => {
    const before = png({ type: 'tEXt', data: bytesOf('workflow\0old') }, { type: 'tEXt', data: bytesOf('Author\0me') });
    const after = readPngText(writePngText(before, Object.entries({ workflow: 'new' })));
    expect([...after]).toEqual([
      ['workflow', 'new'],
      ['Author', 'me'],
    ]);
  });

  it('gives the saved graph before the compact form, and says when there is neither', () => {
    expect(readPngWorkflow(writePngText(png(), Object.entries({ prompt: 'p', workflow: 'w' })))).toBe('w');
    expect(readPngWorkflow(writePngText(png(), Object.entries({ prompt: 'p' })))).toBe('p');
    expect(failure(() => readPngWorkflow(png())).code).toBe('bad-document');
  });

  it('refuses unfit keywords', () => {
    for (const keyword of ['', 'x'.repeat(80), 'a\0b', ' a', 'ü'])
      expect(failure(() => writePngText(png(), [[keyword, '']])).code).toBe('bad-value');
  });

  it('keeps any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const valid = new TextDecoder().decode(new TextEncoder().encode(text));
        expect(readPngText(writePngText(png(), [['t', valid]])).get('t')).toBe(valid);
      }),
    );
  });
});
