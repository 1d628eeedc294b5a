import { createGraphView } from '../../../../client/canvas/index.ts';
import { isRecord, readNodeSpecs } from '../../../../client/server-answers.ts';
import type { Catalogue } from '../../../../nodes/kit/index.ts';
import { readGraph, writeGraph } from '../../../../workflows/index.ts';

/** A picture for everything that asks for one. */
async function picture(width: number, height: number): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('No context.');
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, '#ffb703');
  sky.addColorStop(0.5, '#fb6f92');
  sky.addColorStop(1, '#023e8a');
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = '#fff';
  context.beginPath();
  context.arc(width / 2, height / 2, Math.min(width, height) / 4, 0, 7);
  context.fill();
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob === null ? reject(new Error('No picture.')) : resolve(blob)), 'image/jpeg'),
  );
}

async function main(): Promise<void> {
  const catalogue: Catalogue = new Map(readNodeSpecs(await (await fetch('./nodes.json')).json()).map((spec) => [spec.type, spec]));
  const canvas = document.querySelector('canvas');
  if (canvas === null) throw new Error('No canvas.');
  const uploads: string[] = [];
  const theme = location.hash === '#light' ? 'light' : 'dark';
  const view = createGraphView(canvas, {
    catalogue,
    theme,
    picture: ({ name }) =>
      name.startsWith('missing')
        ? Promise.reject(new Error('404'))
        : picture(name.includes('wide') ? 320 : 128, name.includes('tall') ? 320 : 128),
    imageUrl: ({ folder, name }) => `/v1/images/${folder}/${name}`,
    upload: async (_file, name) => {
      uploads.push(name);
      return { folder: 'input', name, width: 8, height: 8 };
    },
  });
  const heard: unknown[] = [];
  for (const name of ['change', 'select', 'search', 'picture', 'menu', 'notice'] as const)
    view.on(name, (event) => heard.push({ name, ...event }));
  const litegraph: unknown = Reflect.get(canvas, 'data');
  Object.assign(window, {
    view,
    heard,
    uploads,
    surface: litegraph,
    preview: async (node: string, width: number, height: number) => {
      view.setPreview(node, new Uint8Array(await (await picture(width, height)).arrayBuffer()));
    },
    open: (text: string) => view.load(readGraph(text, catalogue).graph),
    saved: () => writeGraph(view.save()),
    records: isRecord,
  });
}

void main();
