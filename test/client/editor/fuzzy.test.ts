import { describe, expect, it } from 'vitest';
import { fuzzyFilter, fuzzyScore } from '../../../client/editor/fuzzy.ts';

const names = ['VAE decode', 'VAE encode', 'Value', 'Save image', 'Sampler loop', 'Empty latent', 'U-Net step'];
const find = (query: string): readonly string[] => fuzzyFilter(query, names, (name) => [name]);

describe('the search for nodes', () => {
  it('finds by beginnings of words, by letters in order, and by parts', () => {
    expect(find('vd')[0]).toBe('VAE decode');
    expect(find('unet')[0]).toBe('U-Net step');
    expect(find('latent')[0]).toBe('Empty latent');
    expect(find('SAMP')[0]).toBe('Sampler loop');
  });

  it('leaves out what does not fit, and what fits only by chance', () => {
    expect(fuzzyScore('xyz', 'Sampler loop')).toBeUndefined();
    expect(find('vae')).toEqual(expect.arrayContaining(['VAE decode', 'VAE encode']));
    expect(find('vae decode')).toEqual(['VAE decode']);
  });

  it('keeps the order of all for an empty query', () => {
    expect(find('  ')).toEqual(names);
  });
});
