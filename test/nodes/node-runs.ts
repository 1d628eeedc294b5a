import type {
  Content,
  Image,
  ImageFile,
  ImageStore,
  ModelStore,
  NodeDefinition,
  NodeEvent,
  Ports,
  RunContext,
  Tensor,
  Values,
} from '../../nodes/kit/index.ts';
import { noImages, noModels } from './no-files.ts';

/** What a node gave and told. */
export interface NodeRun<O extends Ports> {
  readonly outputs: Values<O>;
  readonly shown: readonly Content[];
  readonly steps: number;
  /** Pictures that it put into its place, in order. */
  readonly pictures: readonly Image[];
}

/** Runs a node by itself; there are no models unless given, and pictures go nowhere, but for what `images` does. Values that the inputs leave out are those of the ports. */
export async function runNode<I extends Ports, O extends Ports>(
  definition: NodeDefinition<I, O>,
  inputs: Values<I>,
  images: Partial<ImageStore> = {},
  models: ModelStore = noModels,
): Promise<NodeRun<O>> {
  const pictures: Image[] = [];
  const context = contextFor(pictures);
  const result = definition.run(inputs, { ...context, models, images: { ...context.images, ...images } });
  const shown: Content[] = [];
  let steps = 0;
  if (!isGenerator<O>(result)) return { outputs: await result, shown, steps, pictures };
  for (let next = await result.next(); ; next = await result.next()) {
    if (next.done) return { outputs: next.value, shown, steps, pictures };
    if (next.value.kind === 'show') shown.push(next.value.content);
    else steps++;
  }
}

const isGenerator = <O extends Ports>(result: object): result is AsyncGenerator<NodeEvent, Values<O>, void> =>
  Symbol.asyncIterator in result;

function contextFor(pictures: Image[]): RunContext {
  const show = async (image: Image): Promise<readonly ImageFile[]> => {
    pictures.push(image);
    const [count = 0, height = 0, width = 0] = image.dims;
    return Array.from({ length: count }, (_, i) => ({ folder: 'preview', name: `${pictures.length}-${i}.png`, width, height }) as const);
  };
  return {
    signal: new AbortController().signal,
    models: noModels,
    images: { ...noImages, show, has: () => Promise.resolve(true) },
  };
}

/** A tensor of numbers that look random and are always the same. */
export const ramp = (dims: readonly number[], seed = 1): Tensor => ({
  dims,
  data: Float32Array.from({ length: dims.reduce((product, side) => product * side, 1) }, (_, i) => Math.sin(seed + i * 1.7)),
});
