import {
  type ControlNetwork,
  type ControlNetworkStore,
  GraphError,
  type NetworkInput,
  type Tensor,
  tensor,
} from '../../../nodes/kit/index.ts';
import { type ControlNetFile, controlNetRequest, readControlNet } from './checkpoints/controlnet-file.ts';
import type { GraphCache } from './checkpoints/graph-cache.ts';
import { controlNetIdentity, findControlNet } from './controlnet-list.ts';
import { families } from './families.ts';
import type { Session } from './inference-backend.ts';
import { unetFeeds } from './network-feeds.ts';
import type { NetworkShelf } from './network-shelf.ts';
import { downOutput, middleOutput } from './networks/controlnet.ts';
import { once } from './once.ts';

/** Where ControlNets lie, and what opens them. */
export interface ControlNetsParts {
  readonly folder: string;
  readonly extra: readonly string[];
  readonly graphs: GraphCache;
  readonly shelf: NetworkShelf;
}

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

function controlNetwork(name: string, file: ControlNetFile, open: () => Promise<Session>): ControlNetwork {
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

interface Opened {
  readonly identity: string;
  readonly network: Promise<ControlNetwork>;
  readonly sessions: Promise<Session>[];
}

/** ControlNets by name, each loaded when it is first run. One whose file changed is opened anew. */
export class ControlNets implements ControlNetworkStore {
  readonly #parts: ControlNetsParts;
  readonly #opened = new Map<string, Opened>();

  constructor(parts: ControlNetsParts) {
    this.#parts = parts;
  }

  async identity(name: string): Promise<string> {
    const { folder, extra } = this.#parts;
    return controlNetIdentity(await findControlNet(folder, name, extra));
  }

  async open(name: string): Promise<ControlNetwork> {
    const { folder, extra } = this.#parts;
    const location = await findControlNet(folder, name, extra);
    const identity = await controlNetIdentity(location);
    const known = this.#opened.get(location.path);
    if (known?.identity === identity) return known.network;
    if (known !== undefined) await release(known);
    const sessions: Promise<Session>[] = [];
    const opened = { identity, sessions, network: this.#read(location.path, name, sessions) };
    this.#opened.set(location.path, opened);
    opened.network.catch(() => this.#opened.delete(location.path));
    return opened.network;
  }

  /** Gives all memory of networks back. */
  async close(): Promise<void> {
    const all = [...this.#opened.values()];
    this.#opened.clear();
    for (const opened of all) await release(opened);
  }

  async #read(path: string, name: string, sessions: Promise<Session>[]): Promise<ControlNetwork> {
    const { graphs, shelf } = this.#parts;
    const found = await readControlNet(path);
    const written = (await graphs.graphs(controlNetRequest(found))).get('controlnet');
    if (written === undefined) throw new GraphError('internal', `No graph was written for the ControlNet “${name}”.`);
    return controlNetwork(
      name,
      found,
      once(() => {
        const session = shelf.open(written.file, {
          parameters: written.parameters,
          title: { kind: 'controlnets', model: name, part: 'controlnet', loras: [] },
        });
        sessions.push(session);
        return session;
      }),
    );
  }
}

async function release({ sessions }: Opened): Promise<void> {
  // One that could not be opened has nothing to give back.
  for (const opening of sessions) await (await opening.catch(() => undefined))?.release();
}
