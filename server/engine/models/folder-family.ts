import type { Family } from './families.ts';
import type { NetworkOutline } from './network-outline.ts';

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
