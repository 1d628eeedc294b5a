import type { NetworkOutline } from './network-outline.ts';

/** Families of networks that differ in what they are told and in what is assumed where a folder says nothing. */
export type Family = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';

/** What a family's models have in common. */
export interface FamilyDefaults {
  readonly title: string;
  readonly vaeScale: number;
  /** The token that fills up a prompt, for each text encoder. */
  readonly pads: readonly [string, string];
}

/** Defaults by family. */
export const families: Readonly<Record<Family, FamilyDefaults>> = {
  sd1: { title: 'Stable Diffusion 1', vaeScale: 0.18215, pads: ['<|endoftext|>', '!'] },
  sd2: { title: 'Stable Diffusion 2', vaeScale: 0.18215, pads: ['!', '!'] },
  sdxl: { title: 'Stable Diffusion XL', vaeScale: 0.13025, pads: ['<|endoftext|>', '!'] },
  'sdxl-refiner': { title: 'Stable Diffusion XL refiner', vaeScale: 0.13025, pads: ['<|endoftext|>', '!'] },
};

/** A side of an input that the file fixes. */
export function fixedSide({ inputs }: NetworkOutline, name: string, axis: number): number | undefined {
  const side = inputs.find((input) => input.name === name)?.shape[axis];
  return typeof side === 'number' && side > 0 ? side : undefined;
}

/** Width of OpenCLIP's features, by which Stable Diffusion 2 is known. */
const secondWidth = 1024;

/** The family of a U-Net, by its inputs: XL is told sizes, the refiner five numbers of them instead of six and by one text encoder. */
export function familyOf(unet: NetworkOutline, hasFirstEncoder: boolean): Family {
  const told = unet.inputs.some(({ name }) => name === 'time_ids');
  if (told) return fixedSide(unet, 'time_ids', 1) === 5 || !hasFirstEncoder ? 'sdxl-refiner' : 'sdxl';
  return fixedSide(unet, 'encoder_hidden_states', 2) === secondWidth ? 'sd2' : 'sd1';
}
