import { GraphError, quote } from '../../../../nodes/kit/index.ts';
import { ldmLayerName } from '../checkpoints/ldm-layer-names.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import type { UnetArchitecture } from '../networks/unet.ts';
import type { LoraFile, LoraLayer, LoraPart } from './lora-file.ts';

/** A network that LoRAs may change: its weights, and what it is called in their files. */
export interface LoraTarget {
  readonly parts: readonly LoraPart[];
  readonly title: string;
  readonly weights: Weights;
  /** Of a U-Net, to know its layers by the names of latent diffusion too. */
  readonly unet?: UnetArchitecture;
}

/** A weight and what is added to it. */
export interface FittedLayer {
  readonly name: string;
  readonly layer: LoraLayer;
}

/** What a LoRA changes in a network; `unfit` are layers for it that it has not. */
export interface Fit {
  readonly lora: LoraFile;
  readonly fitted: readonly FittedLayer[];
  readonly unfit: readonly LoraLayer[];
}

const ending = '.weight';
const flat = (name: string): string => name.replaceAll('.', '_');

/** Names that a network's layers may have in a LoRA → names of its weights. */
function knownLayers({ weights, unet }: LoraTarget): ReadonlyMap<string, string> {
  const ldm = unet === undefined ? () => undefined : ldmLayerName(unet);
  const known = new Map<string, string>();
  for (const name of weights.keys()) {
    if (!name.endsWith(ending)) continue;
    const layer = name.slice(0, -ending.length);
    known.set(flat(layer), name);
    // Files of peft may leave out what wraps the whole text encoder.
    const other = unet === undefined ? layer.replace(/^text_model\./, '') : ldm(layer);
    if (other !== undefined) known.set(flat(other), name);
  }
  return known;
}

const product = (shape: readonly number[]): number => shape.reduce((whole, side) => whole * side, 1);

/** Rows and columns of what a layer adds, a convolution's kernel counted with the columns. */
function sidesOf({ up, down, mid }: LoraLayer): readonly [number, number] {
  return [up.shape[0] ?? 0, product(down.shape.slice(1)) * product(mid?.shape.slice(2) ?? [])];
}

function fits(layer: LoraLayer, weight: Weight): boolean {
  const [rows, columns] = sidesOf(layer);
  const [first = 0, ...others] = weight.transposed === true ? weight.shape.toReversed() : weight.shape;
  return rows === first && columns === product(others);
}

/** Finds what a LoRA changes in a network. Throws `bad-model` where it was made for another family. */
export function fitLora(lora: LoraFile, target: LoraTarget): Fit {
  const known = knownLayers(target);
  const own = lora.layers.filter(({ part }) => target.parts.includes(part));
  const fitted: FittedLayer[] = [];
  const unfit: LoraLayer[] = [];
  for (const layer of own) {
    const name = known.get(layer.name);
    const weight = target.weights.get(name ?? '');
    if (name === undefined || weight === undefined) unfit.push(layer);
    else if (fits(layer, weight)) fitted.push({ name, layer });
    else throw otherFamily(lora, `${layer.key} is ${sidesOf(layer).join('×')} where this ${target.title} has ${weight.shape.join('×')}`);
  }
  if (own.length > 0 && fitted.length === 0)
    throw otherFamily(lora, `none of its ${own.length} layers for a ${target.title}, such as ${quote(own[0]?.key ?? '')}, is in this one`);
  return { lora, fitted, unfit };
}

const otherFamily = ({ file }: LoraFile, why: string): GraphError =>
  new GraphError(
    'bad-model',
    `The LoRA ${file.path} was made for another family of models: ${why}. Choose a LoRA for this model's family, or a model that it was made for.`,
  );
