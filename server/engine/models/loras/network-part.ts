import { GraphError, type LoraChoice } from '../../../../nodes/kit/index.ts';
import type { GraphCache, GraphFile, GraphRequest } from '../checkpoints/graph-cache.ts';
import type { PartName } from '../checkpoints/graphs.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { type Weights, withChanged } from '../graph/weights.ts';
import type { Session } from '../inference-backend.ts';
import { once } from '../once.ts';
import type { Runtime } from '../onnx.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';
import { type Fit, fitLora, type LoraTarget } from './fit.ts';
import type { LoraFile } from './lora-file.ts';
import { writeMerged } from './merge.ts';
import type { MergedWeight } from './merge-graph.ts';

type Warn = (sentence: string) => void;

/** A network that runs, opened on first use, and how it becomes another by a LoRA on top; absent where its weights are not at hand. */
export interface NetworkPart {
  readonly session: () => Promise<Session>;
  readonly withLora?: (lora: LoraChoice, warn: Warn) => Promise<NetworkPart>;
}

/** A network whose weights are at hand. */
export interface WeightedNetwork extends LoraTarget {
  readonly part: PartName;
  readonly path: string;
  readonly files: readonly SafetensorsFile[];
  readonly figures: unknown;
  readonly build: (weights: Weights) => GraphBuilder;
}

/** What changed networks are made with. */
export interface LoraTools {
  readonly runtime: Runtime;
  readonly graphs: GraphCache;
  readonly lora: (name: string) => Promise<LoraFile>;
  /** The session of a graph's file, the same for the same file; `restore` writes it again where it was deleted, `loras` is what it is shown with. */
  readonly open: (file: GraphFile, how: { part: PartName; restore: () => Promise<unknown>; loras: readonly string[] }) => Promise<Session>;
}

interface Applied {
  readonly name: string;
  readonly fit: Fit;
  readonly strength: number;
}

/** Weights that any of the LoRAs changes, each with all that is added to it. */
function mergedWeights({ weights }: WeightedNetwork, stack: readonly Applied[]): readonly MergedWeight[] {
  const merged = new Map<string, { name: string; weight: MergedWeight['weight']; added: MergedWeight['added'][number][] }>();
  for (const { fit, strength } of stack) {
    for (const { name, layer } of fit.fitted) {
      const weight = weights.get(name);
      if (weight === undefined) continue;
      const one = merged.get(name) ?? { name, weight, added: [] };
      one.added.push({ layer, strength });
      merged.set(name, one);
    }
  }
  return [...merged.values()];
}

async function openChanged(network: WeightedNetwork, stack: readonly Applied[], { graphs, runtime, open }: LoraTools): Promise<Session> {
  const { part, path, files, figures, weights, build } = network;
  const loras = [...new Map(stack.map(({ fit: { lora } }) => [lora.file.path, lora.file])).values()];
  const request: GraphRequest = {
    path,
    files: [...files, ...loras],
    figures: [part, figures, stack.map(({ fit, strength }) => [fit.lora.file.path, strength])],
    graphs: async (draft) =>
      new Map([[part, build(withChanged(weights, await writeMerged(mergedWeights(network, stack), { runtime, draft })))]]),
  };
  const write = () => graphs.graphs(request);
  const graph = (await write()).get(part);
  if (graph === undefined) throw new GraphError('internal', `The changed network ${part} of ${path} was not written.`);
  return open(graph, { part, restore: write, loras: [...new Set(stack.map(({ name }) => name))] });
}

function tellUnfit({ lora, fitted, unfit }: Fit, { title }: LoraTarget, warn: Warn): void {
  const total = fitted.length + unfit.length;
  if (unfit.length > 0)
    warn(
      `${unfit.length} of the ${total} layers for a ${title} in this LoRA fit nothing in the model and were left out, ${unfit[0]?.key} for one.`,
    );
  if (lora.unknown.length > 0)
    warn(`${lora.unknown.length} keys of this LoRA are not known and were left out, ${lora.unknown[0]} for one.`);
}

/** A network with LoRAs; `base` opens it without any. Weights are merged when it first runs, so a stack of them is merged once. */
export function weightedPart(
  network: WeightedNetwork,
  base: () => Promise<Session>,
  { tools, stack = [] }: { tools: LoraTools; stack?: readonly Applied[] },
): NetworkPart {
  return {
    session: stack.length === 0 ? base : once(() => openChanged(network, stack, tools)),
    async withLora({ name, strength }, warn) {
      const fit = fitLora(await tools.lora(name), network);
      tellUnfit(fit, network, warn);
      const next = strength === 0 || fit.fitted.length === 0 ? stack : [...stack, { name, fit, strength }];
      return weightedPart(network, base, { tools, stack: next });
    },
  };
}
