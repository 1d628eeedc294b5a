import { type ControlNetwork, GraphError, type NetworkInput, type Tensor, tensor } from '../../../nodes/kit/index.ts';
import type { ControlNetFile } from './checkpoints/controlnet-file.ts';
import { families } from './families.ts';
import type { Session } from './inference-backend.ts';
import { unetFeeds } from './network-feeds.ts';
import { downOutput, middleOutput } from './networks/controlnet.ts';

/** Says what does not fit before the runtime says it in its own words. */
function checkControl(name: string, { architecture: { unet, hint }, family }: ControlNetFile, picture: Tensor, input: NetworkInput): void {
  const width = input.tokens.dims[2];
  if (width !== unet.context || (unet.added !== undefined) !== (input.pooled !== undefined))
    throw new GraphError(
      'size-mismatch',
      `The ControlNet “${name}” is made for ${families[family].title} (${unet.context} numbers a token), and the prompt has ${width}. Choose a ControlNet of the model's family.`,
    );
  const cells = 2 ** (hint.length - 1);
  const [, , height = 0, columns = 0] = input.sample.dims;
  if (picture.dims[2] !== height * cells || picture.dims[3] !== columns * cells)
    throw new GraphError(
      'size-mismatch',
      `The ControlNet “${name}” makes one cell of ${cells}×${cells} pixels, which this model does not.`,
    );
}

/** A ControlNet whose network is opened when it is first run. Throws `size-mismatch` where it does not belong to the model. */
export function controlNetwork(name: string, file: ControlNetFile, open: () => Promise<Session>): ControlNetwork {
  return {
    name,
    async residuals(input, hint, strength) {
      checkControl(name, file, hint, input);
      const session = await open();
      const own = ['controlnet_cond', 'conditioning_scale'];
      const shared = session.inputs.filter((slot) => !own.includes(slot.name));
      const outputs = await session.run({
        ...unetFeeds(shared, input, {
          config: { layers_per_block: 2, attention_outputs: [] },
          downscale: 2 ** (file.architecture.hint.length - 1),
        }),
        controlnet_cond: hint,
        conditioning_scale: tensor([1], Float32Array.of(strength)),
      });
      const down = [...outputs.keys()].flatMap((_, i) => outputs.get(downOutput(i)) ?? []);
      const middle = outputs.get(middleOutput);
      if (middle === undefined) throw new GraphError('internal', `The ControlNet “${name}” gave nothing for the middle.`);
      return { down, middle };
    },
  };
}
