import {
  type Catalogue,
  type ChoiceSource,
  type Literal,
  type NodeSpec,
  type PortSpec,
  type Problem,
  parseValue,
  quote,
  toProblem,
  typesFit,
} from '../nodes/kit/index.ts';
import { type Described, describeNode } from './describe.ts';
import { didYouMean } from './nearest.ts';
import { specOfType } from './node-types.ts';
import { isPathPort, pathFault } from './paths.ts';
import type { Link, NodeId, Workflow, WorkflowNode } from './types.ts';
import type { Source } from './wiring.ts';

/** What a node is checked against; `sources` is what its inputs get, by port name. */
export interface Surroundings {
  readonly workflow: Workflow;
  readonly catalogue: Catalogue;
  readonly sources: ReadonlyMap<string, Source>;
}

/** Everything that is wrong with a node whatever it is needed for: its type, its wires, its values. Not what is missing. */
export function checkNode(node: WorkflowNode, around: Surroundings): readonly Problem[] {
  const spec = specOfType(node.type, around.catalogue);
  if (spec === undefined) return [unknownType(node, around.catalogue)];
  return [...around.sources].flatMap(([name, source]) => {
    const port = spec.inputs.find((candidate) => candidate.name === name);
    const found = port === undefined ? unknownPort(node, name, spec) : checkSource({ node, spec, port }, source, around);
    return found === undefined ? [] : [found];
  });
}

/** What is wrong for want of a source: a required input with neither wire, value nor usable default. */
export function checkAbsent(node: WorkflowNode, catalogue: Catalogue): readonly Problem[] {
  const spec = specOfType(node.type, catalogue);
  if (spec === undefined) return [];
  const absent = spec.inputs.filter((port) => port.optional !== true && !(port.name in node.inputs));
  return absent.flatMap((port) => {
    const found = port.default === undefined ? missingInput({ node, spec, port }) : checkValue({ node, spec, port }, port.default);
    return found === undefined ? [] : [found];
  });
}

function missingInput({ node, spec, port }: At): Problem {
  const here = describeNode(node, spec);
  const how = port.widget === undefined ? `Connect an output of type ${port.type}` : 'Choose a value';
  const message = `${here} misses its input “${port.name}”. ${how}, or mute the node.`;
  return { code: 'missing-input', message, node: node.id, port: port.name };
}

/** An input of a node. */
export interface At {
  readonly node: Described & { readonly id: NodeId };
  readonly spec: NodeSpec;
  readonly port: PortSpec;
}

function checkSource(at: At, source: Source, around: Surroundings): Problem | undefined {
  if ('gap' in source) return undefined;
  return 'link' in source ? checkLink(at, source.link, around) : checkValue(at, source.value);
}

function checkLink({ node, spec, port }: At, link: Link, { workflow, catalogue }: Surroundings): Problem | undefined {
  const place = { node: node.id, port: port.name };
  const here = `${describeNode(node, spec)}, “${port.name}”`;
  const source = workflow.nodes.get(link.node);
  if (source === undefined) {
    const near = didYouMean(link.node, workflow.nodes.keys());
    return {
      code: 'bad-link',
      message: `${here}: its wire comes from node ${link.node}, which does not exist. Connect it anew.${near}`,
      ...place,
    };
  }
  const outputs = specOfType(source.type, catalogue)?.outputs;
  if (outputs === undefined) return undefined;
  const output = outputs[link.output];
  if (output === undefined) {
    const message = `${here}: its wire comes from output ${link.output} of ${describeNode(source, specOfType(source.type, catalogue))}, which has ${outputs.length} (counted from 0). Connect it anew.`;
    return { code: 'bad-link', message, ...place };
  }
  if (typesFit(output.type, port.type)) return undefined;
  const message = `${here} expects ${port.type}, but ${describeNode(source, specOfType(source.type, catalogue))} gives ${output.type} there. Connect an output of type ${port.type}.`;
  return { code: 'wrong-type', message, ...place };
}

/** What is wrong with a value for an input, with the node named; undefined if it is fine. */
export function checkValue({ node, spec, port }: At, value: Literal): Problem | undefined {
  const place = { node: node.id, port: port.name };
  const here = `${describeNode(node, spec)}, “${port.name}”`;
  if (port.widget === undefined) {
    return {
      code: 'wrong-type',
      message: `${here} takes a wire of type ${port.type}, not a value; got ${quote(value)}. Connect one.`,
      ...place,
    };
  }
  const fault = isPathPort(port) && typeof value === 'string' ? pathFault(value) : undefined;
  if (fault !== undefined) {
    return { code: 'bad-path', message: `${here}: ${quote(value)} is not allowed: ${fault}. Name a file inside its folder.`, ...place };
  }
  try {
    parseValue(port, value);
    return undefined;
  } catch (thrown) {
    const problem = toProblem(thrown, place);
    return { ...problem, ...fileProblem(port, problem), message: `${here}: ${fileMessage(port, problem, value)}` };
  }
}

/** A name that is not in a list of files means that the file is missing. */
function fileProblem(port: PortSpec, problem: Problem): Pick<Problem, 'code'> {
  const source = port.widget?.kind === 'choice' ? port.widget.source : undefined;
  if (problem.code !== 'not-in-list' || source === undefined) return { code: problem.code };
  return { code: source === 'input-images' ? 'missing-file' : 'missing-model' };
}

/** The folder that people put files of a list into. */
function folderOf(source: ChoiceSource | undefined): string {
  if (source === 'input-images') return 'input';
  if (source === undefined || source === 'checkpoints') return 'models';
  return `models/${{ loras: 'loras', vae: 'vae', clip: 'text_encoders', unet: 'diffusion_models', controlnets: 'controlnet' }[source]}`;
}

function fileMessage(port: PortSpec, problem: Problem, value: Literal): string {
  if (port.widget?.kind !== 'choice' || fileProblem(port, problem).code === problem.code) return problem.message;
  const folder = folderOf(port.widget.source);
  const there = port.widget.options;
  const list =
    there.length === 0 ? 'The folder is empty' : `There are ${there.slice(0, 8).map(quote).join(', ')}${there.length > 8 ? ', …' : ''}`;
  return `${quote(value)} is not in the ${folder} folder. ${list}: choose another, or put the file there.${didYouMean(String(value), there)}`;
}

function unknownType(node: WorkflowNode, catalogue: Catalogue): Problem {
  const near = didYouMean(node.type, catalogue.keys());
  const message = `${describeNode(node, undefined)}: there is no node type “${node.type.slice(0, 80)}” here. Delete, mute or bypass the node, or install what defines it.${near}`;
  return { code: 'unknown-node-type', message, node: node.id };
}

function unknownPort(node: WorkflowNode, name: string, spec: NodeSpec): Problem {
  const names = spec.inputs.map((port) => port.name);
  const list = names.length === 0 ? 'It has no inputs.' : `Its inputs are ${names.map(quote).join(', ')}.`;
  const message = `${describeNode(node, spec)} has no input “${name}”. ${list}${didYouMean(name, names)}`;
  return { code: 'unknown-port', message, node: node.id, port: name };
}
