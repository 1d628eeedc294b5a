import { sameNorm } from '../../../nodes/diffusion/prompt-features.ts';
import { GraphError, type Tensor } from '../../../nodes/kit/index.ts';

/** Which layer's features a model wants: counted from the last (1), with the normalisation behind the last layer or without it. */
export interface WantedLayer {
  readonly fromLast: number;
  readonly normalised: boolean;
}

/** How an export gives its layers. */
export interface ExportedLayers {
  /** Layers at the end that it leaves out because the model never uses them. */
  readonly missingLayers: number;
  /** The layer, counted from the last of the whole network, that its `last_hidden_state` is the normalisation of. */
  readonly normalisedLayer: number;
}

type Outputs = ReadonlyMap<string, Tensor>;

const layerName = /^hidden_states[._](\d+)$/;

/** Names of the states after each layer in order, the embeddings first; empty where the export has none. */
function layerNames(outputs: Iterable<string>): readonly string[] {
  const numbered = [...outputs].flatMap((name) => {
    const index = layerName.exec(name)?.[1];
    return index === undefined ? [] : [{ index: Number(index), name }];
  });
  return numbered.sort((a, b) => a.index - b.index).map(({ name }) => name);
}

/** The output with a layer's states; 'last' for the result of the whole network, which also stands for what lies before the first layer. */
function outputOf(outputs: Iterable<string>, { fromLast, normalised }: WantedLayer, exported: ExportedLayers): string {
  if (normalised && fromLast === exported.normalisedLayer) return 'last';
  const names = layerNames(outputs);
  const whole = names.length - 1 + exported.missingLayers;
  if (names.length > 0 && fromLast > whole) return 'last';
  const name = fromLast > exported.missingLayers ? names.at(exported.missingLayers - fromLast) : undefined;
  if (name !== undefined) return name;
  throw new GraphError(
    'bad-model',
    `This text encoder's file does not give layer ${fromLast} from the last, which this model or setting wants. Export it with its hidden states (hidden_states.0, hidden_states.1, …), as optimum does.`,
  );
}

/** Throws `bad-model` unless an export with these outputs gives a layer. */
export function requireLayer(outputs: readonly { readonly name: string }[], wanted: WantedLayer, exported: ExportedLayers): void {
  outputOf(
    outputs.map(({ name }) => name),
    wanted,
    exported,
  );
}

function lastState(outputs: Outputs): Tensor {
  const last = outputs.get('last_hidden_state') ?? [...outputs.values()].find(({ dims }) => dims.length === 3);
  if (last !== undefined) return last;
  throw new GraphError('bad-model', 'The text encoder gives no hidden states. Export it with last_hidden_state.');
}

/** The features `[windows, tokens, width]` that a model wants of a text encoder's outputs. Throws `bad-model` where the export has none of that layer. */
export function featuresOf(outputs: Outputs, wanted: WantedLayer, exported: ExportedLayers): Tensor {
  const states = outputs.get(outputOf(outputs.keys(), wanted, exported));
  if (states === undefined) return lastState(outputs);
  if (!wanted.normalised) return states;
  const before = outputs.get(layerNames(outputs.keys()).at(exported.missingLayers - exported.normalisedLayer) ?? '');
  return before === undefined ? states : sameNorm({ before, after: lastState(outputs) }, states);
}

/** The vector for the whole prompt `[windows, width]`, where the export gives one. */
export const pooledOf = (outputs: Outputs): Tensor | undefined => outputs.get('text_embeds') ?? outputs.get('pooler_output');
