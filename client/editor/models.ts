import type { PortSpec } from '../../nodes/kit/index.ts';
import { isRecord } from '../../workflows/index.ts';
import { type FileKind, fileKinds, type LoadedNetwork, type UnloadChoice } from '../../workflows/protocol.ts';
import type { InputView, NodeView } from '../graph-view.ts';
import { type App, fieldsOf, nodeById, setField } from './app.ts';

/** A model, or a file that is a part of models; `family` is '' where its file does not tell. */
export interface ModelFile {
  readonly kind: FileKind;
  readonly name: string;
  readonly family: string;
  readonly bytes: number;
}

/** What is loaded of one model on one device. */
export interface LoadedModel {
  readonly kind: FileKind;
  readonly model: string;
  readonly device: string;
  readonly networks: readonly LoadedNetwork[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function readFiles(raw: unknown): readonly ModelFile[] {
  if (!isRecord(raw)) return [];
  const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);
  const all = [...records(raw.models).map((model) => ({ ...model, kind: 'checkpoints' })), ...records(raw.parts)];
  return all.flatMap(({ kind: said, name, family, bytes }: Readonly<Record<string, unknown>>): ModelFile[] => {
    const kind = fileKinds.find((one) => one === said);
    return kind === undefined ? [] : [{ kind, name: text(name), family: text(family), bytes: typeof bytes === 'number' ? bytes : 0 }];
  });
}

/** Asks the server which models there are. */
export async function refreshModels(app: App): Promise<void> {
  try {
    app.set({ models: await app.connection.get('/v1/models', readFiles) });
  } catch (thrown) {
    app.say(thrown instanceof Error ? thrown.message : String(thrown), 'error');
  }
}

/** Shows the panel of models. */
export function openModels(app: App): void {
  app.set({ panel: 'models', query: '', sheet: app.state.phone ? undefined : app.state.sheet });
  void refreshModels(app);
}

/** The models folder may have changed: asks again if its list is shown. */
export function followModels(app: App): void {
  if (app.state.panel === 'models') void refreshModels(app);
}

/** What is loaded, by model and device, the largest first. */
export function loadedModels(networks: readonly LoadedNetwork[]): readonly LoadedModel[] {
  const models = new Map<string, LoadedNetwork[]>();
  for (const network of networks) {
    const key = JSON.stringify([network.device, network.kind, network.model]);
    models.set(key, [...(models.get(key) ?? []), network]);
  }
  const all = [...models.values()].flatMap((list): LoadedModel[] => {
    const [first] = list;
    return first === undefined ? [] : [{ kind: first.kind, model: first.model, device: first.device, networks: list }];
  });
  return all.toSorted((a, b) => bytesOf(b.networks) - bytesOf(a.networks));
}

/** Bytes of the weights of networks. */
export const bytesOf = (networks: readonly LoadedNetwork[]): number => networks.reduce((sum, { bytes }) => sum + bytes, 0);

/** Gives memory back. What is at work stays, and is said. */
export async function unload(app: App, choice: UnloadChoice): Promise<void> {
  if (app.state.unloading) return;
  app.set({ unloading: true });
  try {
    const left = await app.connection.post(
      '/v1/models/unload',
      (raw) => (isRecord(raw) && Array.isArray(raw.loaded) ? raw.loaded : []),
      choice,
    );
    const wanted = left.filter(isRecord).filter(({ kind, model }) => (choice.kind ?? kind) === kind && (choice.model ?? model) === model);
    if (wanted.length > 0) app.say('What is at work stays in memory. Unload it when the run has ended.');
  } catch (thrown) {
    app.say(thrown instanceof Error ? thrown.message : String(thrown), 'error');
  } finally {
    app.set({ unloading: false });
  }
}

const takes = ({ widget }: PortSpec, kind: FileKind): boolean => widget?.kind === 'choice' && widget.source === kind;

const fieldFor = (node: NodeView, kind: FileKind): InputView | undefined => fieldsOf(node).find(({ port }) => takes(port, kind));

/** Adds a node that loads a file, in the middle of the view. */
function addLoader(app: App, { kind, name }: ModelFile): void {
  const loaders = [...app.catalogue.values()].filter(({ inputs }) => inputs.some((port) => takes(port, kind)));
  // The plainest one: that with the fewest fields to choose a file in, and the fewest ports.
  const [loader] = loaders.toSorted(
    (a, b) =>
      a.inputs.filter((port) => takes(port, kind)).length - b.inputs.filter((port) => takes(port, kind)).length ||
      b.outputs.length - a.outputs.length,
  );
  const port = loader?.inputs.find((one) => takes(one, kind));
  if (loader === undefined || port === undefined) return;
  const [x, y] = app.view.centre();
  const node = app.view.add(loader.type, [x - 100, y - 60]);
  setField(app, { node, port: port.name }, name);
  app.view.select([node], { reveal: true });
}

/** The word by which prompts name an embedding. */
const embeddingWord = (name: string): string => `embedding:${name.replace(/\.(safetensors|sft)$/i, '')}`;

/** Puts an embedding behind the text of the selected node. */
function nameEmbedding(app: App, name: string): void {
  const [id = ''] = app.state.selection;
  const node = nodeById(app, id);
  const field =
    node && fieldsOf(node).find(({ port, link }) => port.widget?.kind === 'text' && port.widget.multiline === true && link === undefined);
  const word = embeddingWord(name);
  if (field === undefined) {
    app.say(`Select a text encoder first: ${word} is written into its text.`);
    return;
  }
  const before = text(field.value).trimEnd();
  setField(app, { node: id, port: field.port.name }, before === '' ? word : `${before}, ${word}`);
}

/** Chooses a file in the selected loader, or else in the only one of its kind, or adds a loader for it. An embedding goes into the selected text. */
export function useModel(app: App, file: ModelFile): void {
  const { kind, name } = file;
  if (kind === 'embeddings') {
    nameEmbedding(app, name);
    return;
  }
  const loaders = app.nodes().filter((node) => fieldFor(node, kind) !== undefined);
  const selected = loaders.filter(({ id }) => app.state.selection.includes(id));
  const only = selected.length > 0 ? selected : loaders;
  const [node] = only;
  const field = node && fieldFor(node, kind);
  if (node === undefined || field === undefined || only.length > 1) {
    addLoader(app, file);
    return;
  }
  setField(app, { node: node.id, port: field.port.name }, name);
  app.view.select([node.id], { reveal: true });
  app.say(`“${node.title}” uses ${name} now.`, 'info', [{ label: 'Add another node', run: () => addLoader(app, file) }]);
}
