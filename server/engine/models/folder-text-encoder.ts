import type { TextEncoder } from '../../../nodes/kit/index.ts';
import type { FolderTextEncoder, ModelFolder } from './folder.ts';
import type { Family } from './folder-family.ts';
import type { Session } from './inference-backend.ts';
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

/** CLIP of a folder; `open` gives the session of a file. */
export function folderTextEncoder({ family, textEncoders }: ModelFolder, open: (file: string) => () => Promise<Session>): TextEncoder {
  const network = ({ network: { file }, tokenizer, pad, layers }: FolderTextEncoder): TextNetwork => ({
    ...layers,
    session: open(file),
    tokenizer: once(() => openTokenizer(tokenizer, pad)),
  });
  return textEncoder({
    networks: textEncoders.map(network),
    layer: usedLayers[family],
    pooled: family === 'sdxl' || family === 'sdxl-refiner',
  });
}
