import type { Literal } from '../nodes/kit/index.ts';

/** Node ids are strings here whatever they were in the file (`"7"`, `"12:5"`). */
export type NodeId = string;

/** Output `output` (an index) of node `node`. */
export interface Link {
  readonly node: NodeId;
  readonly output: number;
}

/** An input as it stands in a workflow: a value, or a wire. */
export type Input = { readonly value: Literal } | { readonly link: Link };

/** `mute`: the node and all that needs it do not run. `bypass`: inputs go straight through to outputs of the same type. */
export type Mode = 'always' | 'mute' | 'bypass';

/** A node without its drawing. */
export interface WorkflowNode {
  readonly id: NodeId;
  /** Bare type name, without a host's prefix. */
  readonly type: string;
  readonly title?: string;
  readonly mode: Mode;
  readonly inputs: Readonly<Record<string, Input>>;
}

/** What is run: any document with its drawing taken away. Ids are unique. */
export interface Workflow {
  readonly nodes: ReadonlyMap<NodeId, WorkflowNode>;
}

/** A property of a saved node. Integers beyond 2^53 stand as strings of digits, so that any JSON reader keeps them. */
export type PropertyValue = string | number | boolean | null | readonly PropertyValue[] | { readonly [name: string]: PropertyValue };

/** Slots as litegraph writes them. */
export interface GraphInput {
  readonly name: string;
  readonly type: string;
  readonly link: number | null;
}

export interface GraphOutput {
  readonly name: string;
  readonly type: string;
  readonly links: readonly number[];
}

/** One node of a saved file. Values by name are in `properties`; `widgets_values` is kept for unknown nodes only. */
export interface GraphNode {
  readonly id: number | string;
  readonly type: string;
  readonly pos: readonly [number, number];
  readonly size: readonly [number, number];
  readonly flags: { readonly collapsed?: true; readonly pinned?: true };
  readonly order: number;
  /** litegraph's: 0 always, 2 mute, 4 bypass. */
  readonly mode: 0 | 2 | 4;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  readonly title?: string;
  readonly color?: string;
  readonly bgcolor?: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly widgets_values?: readonly PropertyValue[] | Readonly<Record<string, PropertyValue>>;
}

/** `[id, origin node, origin slot, target node, target slot, type]`. */
export type GraphLink = readonly [number, number | string, number, number | string, number, string];

export interface GraphGroup {
  readonly title: string;
  readonly bounding: readonly [number, number, number, number];
  readonly color?: string;
  readonly font_size?: number;
}

/**
 * A saved workflow: litegraph graph JSON, version 0.4, rebuilt from scratch out of allowed fields only. `extra` holds
 * our `format` (1), node `versions` by type, `name`, `notes`, `fields` (marked for the form: `node.port`) and the view `ds`.
 */
export interface GraphDocument {
  readonly last_node_id: number;
  readonly last_link_id: number;
  readonly nodes: readonly GraphNode[];
  readonly links: readonly GraphLink[];
  readonly groups: readonly GraphGroup[];
  readonly config: Readonly<Record<string, never>>;
  readonly extra: Readonly<Record<string, PropertyValue>>;
  readonly version: 0.4;
}

/** How a seed changes before each run; kept in `properties.control_after_generate`. */
export const seedControls = ['fixed', 'randomize', 'increment', 'decrement'] as const;
export type SeedControl = (typeof seedControls)[number];

/** The prefix under which types are registered in a litegraph host and written to files; readers accept both forms. */
export const typePrefix = 'diffusion/';
