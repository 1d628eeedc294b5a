import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const layers = ['nodes', 'workflows', 'server', 'client'] as const;

const sources = layers.flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(layer, name)),
);

/** Imported specifiers; `value` imports survive compilation, type-only ones do not. */
function importsOf(file: string): { specifier: string; typeOnly: boolean }[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found: { specifier: string; typeOnly: boolean }[] = [];
  for (const [, type, specifier = ''] of text.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[^'"();]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)) {
    found.push({ specifier, typeOnly: type !== undefined });
  }
  for (const [, specifier = ''] of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) found.push({ specifier, typeOnly: false });
  return found;
}

const local = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier.replace(/\?raw$/, ''))) : undefined;

/** Why `from` may not import `to`, or undefined if it may. */
function forbidden(from: string, to: string): string | undefined {
  const within = (path: string, ...folders: string[]) => folders.some((folder) => path.startsWith(`${folder}/`));
  if (within(from, 'nodes/kit')) return within(to, 'nodes/kit') ? undefined : 'nodes/kit imports nothing of ours';
  if (within(from, 'nodes/diffusion'))
    return within(to, 'nodes/kit', 'nodes/diffusion') ? undefined : 'nodes/diffusion imports only nodes/kit';
  if (from.endsWith('.node.ts'))
    return within(to, 'nodes/diffusion') || to === 'nodes/kit/index.ts'
      ? undefined
      : 'a node imports only nodes/kit/index.ts and nodes/diffusion';
  if (within(from, 'workflows')) return within(to, 'workflows', 'nodes/kit') ? undefined : 'workflows imports only nodes/kit';
  if (within(from, 'client'))
    return within(to, 'client', 'workflows', 'nodes/kit') ? undefined : 'client imports only workflows and nodes/kit';
  if (within(from, 'server'))
    return within(to, 'server', 'workflows', 'nodes/kit', 'nodes/diffusion')
      ? undefined
      : 'server imports workflows, nodes/kit and nodes/diffusion';
  return undefined;
}

/** Each native or drawing library has one folder or file that may import it. */
const fences: Readonly<Record<string, RegExp>> = {
  'onnxruntime-node': /^server\/engine\/models\/onnxruntime-node\.ts$/,
  sharp: /^server\/engine\/images\/codec\.ts$/,
  'litegraph.js': /^client\/canvas\//,
};

describe('architecture', () => {
  it('imports only downwards', () => {
    const broken = sources.flatMap((file) =>
      importsOf(file).flatMap(({ specifier }) => {
        const target = local(file, specifier);
        const why = target === undefined ? undefined : forbidden(file, target);
        return why === undefined ? [] : [`${file} → ${target}: ${why}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  it('keeps each native library behind its fence', () => {
    const broken = sources.flatMap((file) =>
      importsOf(file)
        .filter(
          ({ specifier, typeOnly }) =>
            !typeOnly && Object.keys(fences).some((name) => specifier === name || specifier.startsWith(`${name}/`)),
        )
        .filter(({ specifier }) => !Object.entries(fences).some(([name, fence]) => specifier.startsWith(name) && fence.test(file)))
        .map(({ specifier }) => `${file} imports ${specifier}`),
    );
    expect(broken).toEqual([]);
  });

  it('has no import cycles', () => {
    const edges = new Map(
      sources.map((file) => [
        file,
        importsOf(file)
          .filter(({ typeOnly }) => !typeOnly)
          .flatMap(({ specifier }) => local(file, specifier) ?? []),
      ]),
    );
    const state = new Map<string, 'open' | 'closed'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'closed') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'closed');
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('has no file over 300 lines and no unseeded chance', () => {
    const broken = sources.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const lines = text.split('\n').length;
      return [...(lines > 300 ? [`${file}: ${lines} lines`] : []), ...(/\bMath\.random\b/.test(text) ? [`${file}: Math.random`] : [])];
    });
    expect(broken).toEqual([]);
  });
});
