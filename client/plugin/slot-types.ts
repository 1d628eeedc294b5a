import type { HostLibrary, SlotTypes } from './host.ts';

/** litegraph notes the type of each slot that is ever made. Gives back how to forget those that only nodes of ours have. */
export function rememberSlotTypes(host: HostLibrary): (isOurs: (nodeType: string) => boolean) => void {
  const sides = [
    { types: host.registered_slot_in_types, names: host.slot_types_in },
    { types: host.registered_slot_out_types, names: host.slot_types_out },
  ].map(({ types, names }) => ({ types, names, before: new Set(Object.keys(types ?? {})) }));
  return (isOurs) => {
    for (const { types, names, before } of sides) if (types !== undefined) forget({ types, names: names ?? [], before }, isOurs);
  };
}

interface Side {
  readonly types: SlotTypes;
  /** The same in lower case, sorted. */
  readonly names: string[];
  readonly before: ReadonlySet<string>;
}

function forget({ types, names, before }: Side, isOurs: (nodeType: string) => boolean): void {
  for (const [type, entry] of Object.entries(types)) {
    if (entry === undefined || !entry.nodes.some(isOurs)) continue;
    entry.nodes = entry.nodes.filter((nodeType) => !isOurs(nodeType));
    if (entry.nodes.length > 0 || before.has(type)) continue;
    delete types[type];
    const [name, left] = [type.toLowerCase(), Object.keys(types).map((other) => other.toLowerCase())];
    if (!left.includes(name) && names.includes(name)) names.splice(names.indexOf(name), 1);
  }
}
