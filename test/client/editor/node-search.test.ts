import { describe, expect, it } from 'vitest';
import { findNodes } from '../../../client/editor/node-search.ts';
import { realCatalogue } from '../../workflows/real-catalogue.ts';

const specs = [...(await realCatalogue()).values()];

const first = (query: string, count = 4): readonly string[] =>
  findNodes(query, specs)
    .slice(0, count)
    .map(({ type }) => type);

describe('the search for nodes', () => {
  it.each([
    ['integer', 'PrimitiveNode'],
    ['seed', 'RandomNoise'],
    ['denoise', 'BasicScheduler'],
    ['resize', 'ImageScale'],
    ['upscale', 'ImageScale'],
    ['prompt', 'CLIPTextEncode'],
    ['comment', 'Note'],
    ['checkpoint', 'CheckpointLoaderSimple'],
    ['width', 'EmptyLatentImage'],
    ['upload', 'LoadImage'],
  ])('finds by what it is for: %s', (query, type) => expect(first(query)).toContain(type));

  it('puts what is called so first, and finds by letters in order and by words of the help', () => {
    expect(first('vae decode', 1)).toEqual(['VAEDecode']);
    expect(first('ksampler', 2)).toContain('KSampler');
    expect(first('invert', 2)).toEqual(expect.arrayContaining(['ImageInvert', 'InvertMask']));
    expect(first('samlop')).toContain('SamplerCustomAdvanced');
    expect(first('opposite')).toContain('ImageInvert');
    expect(findNodes('qqqq', specs)).toEqual([]);
    expect(findNodes('  ', specs)).toBe(specs);
  });
});
