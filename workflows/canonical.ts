import { stringifyJson } from './json.ts';
import type { Input, Workflow } from './types.ts';

const plain = (input: Input): unknown => ('link' in input ? [input.link.node, input.link.output] : { value: input.value });

/**
 * A workflow as text that says only what is run: nodes by id and inputs by name in a fixed order; titles and drawing are left out. Two workflows of the
 * same text give the same pictures with the same models.
 */
export function canonicalText({ nodes }: Workflow): string {
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : a > b ? 1 : 0);
  const entries = [...nodes].sort(byName).map(([id, { type, mode, inputs }]) => [
    id,
    type,
    mode,
    Object.entries(inputs)
      .sort(byName)
      .map(([name, input]) => [name, plain(input)]),
  ]);
  return stringifyJson(entries);
}
