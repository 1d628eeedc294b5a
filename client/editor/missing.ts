import type { Problem } from '../../nodes/kit/index.ts';
import type { NodeId } from '../../workflows/index.ts';
import { bareType, nearest } from '../../workflows/index.ts';
import type { NodeView } from '../graph-view.ts';
import { type App, nodeById } from './app.ts';

/** A kind of node that is not known here. */
export interface MissingType {
  readonly type: string;
  readonly nodes: readonly NodeId[];
  /** Titles and types of the nearest ones that are. */
  readonly nearest: readonly { readonly type: string; readonly title: string }[];
}

/** A model or a picture that a field names and that is not there. */
export interface MissingFile {
  readonly name: string;
  readonly what: 'model' | 'picture';
  readonly places: readonly { readonly node: NodeId; readonly port: string }[];
  readonly nearest: readonly string[];
}

/** What a run lacks. */
export interface Missing {
  readonly types: readonly MissingType[];
  readonly files: readonly MissingFile[];
}

export const isNothing = ({ types, files }: Missing): boolean => types.length + files.length === 0;

const most = 3;

/** What of a workflow is not here and stands in the way of a run, by the problems that were found. */
export function missingOf(app: App, problems: readonly Problem[]): Missing {
  const types = new Map<string, NodeId[]>();
  const files = new Map<string, MissingFile>();
  for (const node of app.nodes()) {
    const own = problems.filter((problem) => problem.node === node.id);
    if (own.length === 0) continue;
    if (!node.known) types.set(bareType(node.type), [...(types.get(bareType(node.type)) ?? []), node.id]);
    for (const { port, value, link } of node.inputs) {
      if (
        port.widget?.kind !== 'choice' ||
        port.widget.source === undefined ||
        link !== undefined ||
        typeof value !== 'string' ||
        value === ''
      )
        continue;
      const { options, source } = port.widget;
      if (options.includes(value) || !own.some((problem) => problem.port === port.name)) continue;
      const known = files.get(`${source} ${value}`);
      const near = nearest(value, options);
      files.set(`${source} ${value}`, {
        name: value,
        what: source === 'input-images' ? 'picture' : 'model',
        places: [...(known?.places ?? []), { node: node.id, port: port.name }],
        nearest: (near.length > 0 ? near : options).slice(0, most),
      });
    }
  }
  return {
    types: [...types].map(([type, nodes]) => ({ type, nodes, nearest: nearestTypes(app, type, nodeById(app, nodes[0] ?? '')) })),
    files: [...files.values()],
  };
}

/** Those with a like name, or else those that give the same: then what hangs on the node keeps its wires. */
function nearestTypes(app: App, type: string, like: NodeView | undefined): MissingType['nearest'] {
  const near = nearest(type, app.catalogue.keys());
  const gives = like === undefined ? [] : like.outputs.map((output) => output.type).filter((one) => one !== '*');
  const same = [...app.catalogue.values()].filter(
    ({ outputs, virtual }) =>
      virtual !== true && gives.length > 0 && gives.every((wanted) => outputs.some((output) => output.type === wanted)),
  );
  const found = near.length > 0 ? near : same.sort((a, b) => a.inputs.length - b.inputs.length).map((spec) => spec.type);
  return found.slice(0, most).map((name) => ({ type: name, title: app.catalogue.get(name)?.title ?? name }));
}
