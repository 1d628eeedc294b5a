import type { EmbeddingLookup } from '../../../nodes/diffusion/prompt-embeddings.ts';
import type { TextEncoder } from '../../../nodes/kit/index.ts';
import type { Family } from './families.ts';
import type { FolderTextEncoder, ModelFolder } from './folder.ts';
import type { NetworkPart } from './loras/network-part.ts';
import { once } from './once.ts';
import { type TextNetwork, textEncoder } from './text-encoder.ts';
import type { WantedLayer } from './text-features.ts';
import { openTokenizer } from './tokenizer.ts';

/** The layer that each family was trained with. */
const usedLayers: Readonly<Record<Family, WantedLayer>> = {
  sd1: { fromLast: 1, normalised: true },
  sd2: { fromLast: 2, normalised: true },
  sdxl: { fromLast: 2, normalised: false },
  'sdxl-refiner': { fromLast: 2, normalised: false },
};

/** What the networks are called in files of embeddings. */
const embeddingNames: Readonly<Record<Family, readonly string[]>> = {
  sd1: ['clip_l'],
  sd2: ['clip_h'],
  sdxl: ['clip_l', 'clip_g'],
  'sdxl-refiner': ['clip_g'],
};

/** How networks are opened and embeddings found. */
export interface TextEncoderTools {
  /** `place` counts the networks from 0. */
  readonly open: (file: string, place: number) => NetworkPart;
  readonly embedding: EmbeddingLookup;
}

/** CLIP of a folder; `open` gives the network of a file. */
export function folderTextEncoder(
  { family, textEncoders }: Pick<ModelFolder, 'family' | 'textEncoders'>,
  { open, embedding }: TextEncoderTools,
): TextEncoder {
  const network = ({ network: { file }, tokenizer, pad, layers }: FolderTextEncoder, place: number): TextNetwork => ({
    ...layers,
    ...open(file, place),
    tokenizer: once(() => openTokenizer(tokenizer, pad)),
  });
  return textEncoder({
    networks: textEncoders.map(network),
    layer: usedLayers[family],
    embeddings: { names: embeddingNames[family], lookup: embedding },
    pooled: family === 'sdxl' || family === 'sdxl-refiner',
  });
}
