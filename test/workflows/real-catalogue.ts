import { readdir } from 'node:fs/promises';
import { type Catalogue, type NodeDefinition, type NodeSpec, type PortSpec, specOf } from '../../nodes/kit/index.ts';
import { files } from './catalogue.ts';

const root = new URL('../../nodes/', import.meta.url);

const isDefinition = (value: unknown): value is NodeDefinition =>
  typeof value === 'object' && value !== null && 'type' in value && 'run' in value && 'inputs' in value;

function withFiles(port: PortSpec): PortSpec {
  if (port.widget?.kind !== 'choice' || port.widget.source === undefined) return port;
  return { ...port, widget: { ...port.widget, options: files[port.widget.source] } };
}

/** The nodes that the project really has, with the test server's lists of files. */
export async function realCatalogue(): Promise<Catalogue> {
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.node.ts')).sort();
  const specs = new Map<string, NodeSpec>();
  for (const name of names) {
    const module: { default?: unknown } = await import(new URL(name, root).href);
    if (!isDefinition(module.default)) throw new Error(`${name} exports no node.`);
    const spec = specOf(module.default);
    specs.set(spec.type, { ...spec, inputs: spec.inputs.map(withFiles) });
  }
  return specs;
}
