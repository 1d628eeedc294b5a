import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type Catalogue,
  type ChoiceSource,
  categories,
  type NodeDefinition,
  type NodeSpec,
  type PartSource,
  type PortSpec,
  type SizeRule,
  specOf,
} from '../nodes/kit/index.ts';
import { isRecord } from '../workflows/index.ts';

/** All node types that were found, and a sentence for each file that could not be used. */
export interface LoadedCatalogue {
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly specs: ReadonlyMap<string, NodeSpec>;
  readonly problems: readonly string[];
}

/** Has it what `defineNode` asks for? Files of third parties come through the same door as ours. */
function isDefinition(value: unknown): value is NodeDefinition {
  return (
    isRecord(value) &&
    typeof value.type === 'string' &&
    typeof value.title === 'string' &&
    categories.some((category) => category === value.category) &&
    typeof value.help === 'string' &&
    isRecord(value.inputs) &&
    isRecord(value.outputs) &&
    typeof value.run === 'function'
  );
}

/** Node files below a folder: compiled ones, or sources when run from them. */
async function nodeFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.filter((name) => /\.node\.(js|ts)$/.test(name) && !name.endsWith('.d.ts')).map((name) => join(folder, name));
}

async function importNode(file: string): Promise<{ definition: NodeDefinition } | { problem: string }> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    if (isRecord(module) && isDefinition(module.default)) return { definition: module.default };
    return { problem: `${basename(file)} has no default export made by defineNode.` };
  } catch (thrown) {
    return { problem: `${basename(file)} could not be loaded: ${thrown instanceof Error ? thrown.message : String(thrown)}` };
  }
}

/** Imports every node file; one that fails is reported and left out. Sorted by category and title. */
export async function loadCatalogue(folder = fileURLToPath(new URL('../nodes', import.meta.url))): Promise<LoadedCatalogue> {
  const found = await Promise.all((await nodeFiles(folder)).map(importNode));
  const problems = found.flatMap((entry) => ('problem' in entry ? [entry.problem] : []));
  const definitions = new Map<string, NodeDefinition>();
  for (const entry of found) {
    if (!('definition' in entry)) continue;
    const { type } = entry.definition;
    if (definitions.has(type)) problems.push(`There are two nodes of type ${type}; the second one is left out.`);
    else definitions.set(type, entry.definition);
  }
  const specs = [...definitions.values()].map(specOf).sort(byShelf);
  return { definitions, specs: new Map(specs.map((spec) => [spec.type, spec])), problems };
}

const byShelf = (a: NodeSpec, b: NodeSpec): number =>
  categories.indexOf(a.category) - categories.indexOf(b.category) || a.title.localeCompare(b.title);

/** Size rules by the names of models. */
export type SizeRules = Readonly<Record<string, SizeRule>>;

/** The lists that only a server knows. */
export interface Choices {
  readonly checkpoints: readonly string[];
  readonly inputImages: readonly string[];
  /** Files that are parts of models. */
  readonly parts?: Readonly<Record<PartSource, readonly string[]>>;
  /** What those of the checkpoints take that do not take latents of every size. */
  readonly sizes?: SizeRules;
}

function optionsOf({ checkpoints, inputImages, parts }: Choices, source: ChoiceSource): readonly string[] {
  if (source === 'checkpoints') return checkpoints;
  return source === 'input-images' ? inputImages : (parts?.[source] ?? []);
}

/** The catalogue with its lists filled in; the first entry becomes the default. */
export function withChoices(specs: ReadonlyMap<string, NodeSpec>, choices: Choices): Catalogue {
  const fill = (port: PortSpec): PortSpec => {
    const { widget } = port;
    if (widget?.kind !== 'choice' || widget.source === undefined) return port;
    const options = optionsOf(choices, widget.source);
    const [first] = options;
    const { sizes } = choices;
    const rules = widget.source === 'checkpoints' && sizes !== undefined && Object.keys(sizes).length > 0 ? { sizes } : {};
    return { ...port, widget: { ...widget, options, ...rules }, ...(first === undefined ? {} : { default: first }) };
  };
  return new Map([...specs].map(([type, spec]) => [type, { ...spec, inputs: spec.inputs.map(fill) }]));
}
