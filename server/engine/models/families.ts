/** Families of networks that differ in what they are told and in what is assumed where files say nothing. */
export type Family = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner';

/** What a family's models have in common, unless their files say otherwise. */
export interface FamilyDefaults {
  readonly title: string;
  /** The factor from the VAE's latents to the U-Net's. */
  readonly vaeScale: number;
  /** The token that fills up a prompt, for each text encoder. */
  readonly pads: readonly [string, string];
  /** Heads of an attention of so many channels. */
  heads(channels: number): number;
}

const byWidth = (channels: number): number => Math.max(1, Math.floor(channels / 64));

/** Defaults by family. */
export const families: Readonly<Record<Family, FamilyDefaults>> = {
  sd1: { title: 'Stable Diffusion 1', vaeScale: 0.18215, pads: ['<|endoftext|>', '!'], heads: () => 8 },
  sd2: { title: 'Stable Diffusion 2', vaeScale: 0.18215, pads: ['!', '!'], heads: byWidth },
  sdxl: { title: 'Stable Diffusion XL', vaeScale: 0.13025, pads: ['<|endoftext|>', '!'], heads: byWidth },
  'sdxl-refiner': { title: 'Stable Diffusion XL refiner', vaeScale: 0.13025, pads: ['<|endoftext|>', '!'], heads: byWidth },
};
