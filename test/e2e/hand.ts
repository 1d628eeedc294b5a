import type { Page } from 'playwright-core';

/** What can be pointed at in a node: its header, a port, a field, or what it shows. */
export type Spot =
  | { readonly node: string; readonly part: 'header' | 'well' }
  | { readonly node: string; readonly part: 'input' | 'output' | 'field'; readonly name: string };

interface Drawn {
  readonly ds: { readonly scale: number; readonly offset: readonly [number, number] };
  readonly graph: { readonly _nodes: readonly { title: string; pos: readonly [number, number]; size: readonly [number, number] }[] };
}

interface Shown {
  nodes(): readonly {
    title: string;
    inputs: readonly { port: { name: string; widget?: { kind: string; multiline?: boolean } } }[];
    outputs: readonly { name: string }[];
  }[];
}

/** Where a spot of a node, found by its title, is on the screen; mirrors the measures of client/canvas/measures.ts. */
export function locate(page: Page, spot: Spot): Promise<[number, number]> {
  return page.evaluate((wanted) => {
    const canvas = document.querySelector<HTMLCanvasElement & { data: Drawn }>('#graph');
    const editor: Shown | undefined = Reflect.get(window, '__editor');
    const node = canvas?.data.graph._nodes.find(({ title }) => title === wanted.node);
    const view = editor?.nodes().find(({ title }) => title === wanted.node);
    if (canvas === null || node === undefined || view === undefined) throw new Error(`There is no node “${wanted.node}”.`);
    const sockets = view.inputs.filter(({ port }) => port.widget === undefined);
    const fields = view.inputs.filter(({ port }) => port.widget !== undefined);
    const rows = Math.max(sockets.length, view.outputs.length);
    const row = (index: number): number => {
      if (index < 0) throw new Error(`“${wanted.node}” has no such port.`);
      return 6 + (index + 0.5) * 24;
    };
    const name = 'name' in wanted ? wanted.name : '';
    const place = (): [number, number] => {
      const middle = node.size[0] / 2;
      if (wanted.part === 'header') return [middle, -14];
      if (wanted.part === 'well') return [middle, node.size[1] - 60];
      if (wanted.part === 'input') return [0, row(sockets.findIndex(({ port }) => port.name === name))];
      if (wanted.part === 'output') return [node.size[0], row(view.outputs.findIndex((output) => output.name === name))];
      let y = 6 + rows * 24 + (rows > 0 ? 2 : 0);
      for (const { port } of fields) {
        const long = port.widget?.multiline === true;
        if (port.name === name) return [middle, y + (long ? 30 : 12)];
        y += long ? 72 : 27;
      }
      throw new Error(`“${wanted.node}” has no field “${name}”.`);
    };
    const [x, y] = place();
    const { scale, offset } = canvas.data.ds;
    const box = canvas.getBoundingClientRect();
    return [box.left + (node.pos[0] + x + offset[0]) * scale, box.top + (node.pos[1] + y + offset[1]) * scale];
  }, spot);
}

/** Drags with the mouse from one point of the page to another, as a hand does. */
export async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2, { steps: 4 });
  await page.mouse.move(...to, { steps: 4 });
  await page.mouse.up();
}

/** Drags a wire from an output to an input. */
export async function wire(
  page: Page,
  [fromNode, output]: readonly [string, string],
  [toNode, input]: readonly [string, string],
): Promise<void> {
  await drag(
    page,
    await locate(page, { node: fromNode, part: 'output', name: output }),
    await locate(page, { node: toNode, part: 'input', name: input }),
  );
}
