import { type Catalogue, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { type GraphDocument, rollSeeds, writeGraph } from '../../workflows/index.ts';
import { InputPictures } from '../canvas/input-pictures.ts';
import { Marks } from '../canvas/marks.ts';
import type { Connection } from '../connection.ts';
import { createEmitter, type Emitter } from '../emitter.ts';
import { randomSeed } from '../random-seed.ts';
import type { Run } from '../run-state.ts';
import { createRuns, type RunOptions, type Runs } from '../runs.ts';
import { openConnection } from '../socket.ts';
import { attachTo } from './attachment.ts';
import { type CatalogueFollower, followCatalogue } from './follow-catalogue.ts';
import { hostParts } from './furnish.ts';
import type { HostCanvas, HostGraph, HostLibrary, HostNode } from './host.ts';
import { asCanvas, asLibrary } from './host-check.ts';
import { createPainter, type HostPainter } from './host-painter.ts';
import { createHostRuns, type HostRuns } from './host-runs.ts';
import { type NodeTypes, registerNodeTypes } from './node-types.ts';
import { retire, revive } from './placeholders.ts';
import { readHostGraph } from './read-host-graph.ts';
import { rememberSlotTypes } from './slot-types.ts';
import { addColours, typeColours } from './type-colours.ts';
import type { DiffusionEvents, DiffusionOptions, DiffusionPlugin } from './types.ts';

/** Pictures in nodes are asked for at most this wide, in px. */
const pictureWidth = 512;

/** Puts the plugin together; see {@link DiffusionPlugin}. */
export function createPlugin(LiteGraph: object, { server, token, prefix = 'diffusion' }: DiffusionOptions): DiffusionPlugin {
  const address = { server, ...(token === undefined ? {} : { token }) };
  return new Plugin(asLibrary(LiteGraph), prefix, address);
}

/** From registering to leaving the host as it was. */
class Plugin implements DiffusionPlugin {
  readonly ready: Promise<void>;
  readonly on: DiffusionPlugin['on'];
  readonly #host: HostLibrary;
  readonly #emitter: Emitter<DiffusionEvents> = createEmitter();
  readonly #connection: Connection;
  readonly #runs: Runs;
  readonly #hostRuns: HostRuns;
  readonly #marks: Marks;
  readonly #inputs: InputPictures;
  readonly #painter: HostPainter;
  readonly #types: NodeTypes;
  readonly #follower: CatalogueFollower;
  readonly #forgetSlotTypes: ReturnType<typeof rememberSlotTypes>;
  #attached: { readonly canvas: HostCanvas; readonly link: ReturnType<typeof attachTo> } | undefined;
  #uncolour: () => void = () => undefined;
  #registered = false;
  #disposed = false;

  constructor(host: HostLibrary, prefix: string, address: { readonly server: string; readonly token?: string }) {
    this.#host = host;
    this.on = this.#emitter.on;
    this.#forgetSlotTypes = rememberSlotTypes(host);
    this.#connection = openConnection(address);
    this.#runs = createRuns(this.#connection);
    const redraw = (): void => this.#graph?.setDirtyCanvas(true, false);
    this.#marks = new Marks({
      picture: (file) => this.picture(file, file.width > pictureWidth ? pictureWidth : undefined),
      changed: redraw,
    });
    this.#inputs = new InputPictures((name) => this.picture({ folder: 'input', name }, pictureWidth), redraw);
    this.#hostRuns = createHostRuns(this.#runs, this.#marks, this.#emitter);
    this.#types = registerNodeTypes(host, prefix, hostParts(this.#nodeWorld()));
    this.#painter = createPainter(host, {
      marks: this.#marks,
      inputs: this.#inputs,
      doing: { hover: { kind: 'nothing' }, panning: false },
      specOf: (node) => this.#types.specOf(node),
    });
    this.#connection.on('state', (change) => this.#emitter.emit('connection', change));
    this.#follower = followCatalogue(this.#connection, address, (catalogue) => this.#take(catalogue));
    this.ready = this.#follower.ready;
  }

  get #graph(): HostGraph | null | undefined {
    return this.#attached?.canvas.graph;
  }

  attach(target: object): void {
    if (this.#disposed) throw new Error('These diffusion nodes were disposed of; call registerDiffusionNodes again.');
    const canvas = asCanvas(target);
    this.#attached?.link.end();
    this.#attached = { canvas, link: attachTo(canvas, this.#painter) };
    this.#settleIn();
  }

  async run(options: RunOptions = {}): Promise<Run> {
    const fault = this.#disposed ? 'The plugin was taken out of the page.' : await this.#follower.fault();
    if (fault !== undefined) return this.#hostRuns.reject([{ code: 'not-found', message: fault }]);
    const graph = this.#graph;
    if (!graph)
      return this.#hostRuns.reject([{ code: 'nothing-to-run', message: 'No graph is attached. Call attach with the canvas first.' }]);
    this.#settleIn();
    const { document, problems } = readHostGraph({ graph, types: this.#types }, options.targets);
    if (document === undefined || problems.length > 0) return this.#hostRuns.reject(problems);
    return this.#hostRuns.start(writeGraph(this.#roll(document, graph)), options);
  }

  cancel(): void {
    for (const { id } of this.#runs.active()) this.#runs.cancel(id);
  }

  picture(...asked: Parameters<Connection['picture']>): Promise<Blob> {
    return this.#connection.picture(...asked);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#follower.dispose();
    this.#hostRuns.dispose();
    this.#runs.dispose();
    this.#connection.close();
    const { canvas, link } = this.#attached ?? {};
    if (canvas?.graph) retire({ host: this.#host, graph: canvas.graph, types: this.#types });
    canvas?.deselectAllNodes?.();
    link?.end();
    this.#attached = undefined;
    this.#types.dispose();
    this.#uncolour();
    this.#forgetSlotTypes((type) => this.#types.bare(type) !== undefined);
    this.#emitter.clear();
    this.#marks.keep(new Set());
    this.#inputs.clear();
  }

  #nodeWorld(): Parameters<typeof hostParts>[0] {
    return {
      spec: (type) => this.#types.catalogue.get(type),
      draw: (node, ctx, canvas) => {
        if (!this.#disposed) this.#painter.node(node, ctx, canvas);
      },
      upload: (node, file) => this.#upload(node, file),
      removed: (node) => this.#marks.forget(String(node.id)),
    };
  }

  /** The first catalogue registers; later ones bring new lists of choices. */
  #take(catalogue: Catalogue): void {
    if (!this.#registered) this.#refuseTaken(catalogue);
    this.#types.update(catalogue);
    this.#registered = true;
    this.#inputs.refresh();
    this.#uncolour();
    this.#uncolour = addColours(this.#host.LGraphCanvas.link_type_colors, typeColours(catalogue));
    this.#settleIn();
  }

  #refuseTaken(catalogue: Catalogue): void {
    const names = [...catalogue.keys()].map((type) => this.#types.registered(type));
    const taken = names.find((name) => Object.hasOwn(this.#host.registered_node_types, name));
    if (taken === undefined) return;
    throw new Error(`This page has a node type “${taken}” already. Dispose of the other plugin first, or give this one another prefix.`);
  }

  /** Brings the attached canvas and its graph up to what is known of node types. */
  #settleIn(): void {
    const { canvas, link } = this.#attached ?? {};
    if (!this.#registered || canvas === undefined) return;
    link?.colour(typeColours(this.#types.catalogue));
    if (canvas.graph) revive({ host: this.#host, graph: canvas.graph, types: this.#types });
  }

  /** Moves seeds on before a run, so that what the nodes show is what runs. */
  #roll(before: GraphDocument, graph: HostGraph): GraphDocument {
    const after = rollSeeds(before, this.#types.catalogue, randomSeed);
    after.nodes.forEach((node, index) => {
      for (const [name, value] of Object.entries(node.properties)) {
        if (value !== before.nodes[index]?.properties[name]) graph.getNodeById(node.id)?.setProperty(name, value);
      }
    });
    return after;
  }

  async #upload(node: HostNode, file: Blob): Promise<string | undefined> {
    try {
      const { name } = await this.#connection.upload(file, file instanceof File ? file.name : 'picture');
      return name;
    } catch (thrown) {
      const problem: Problem = { ...toProblem(thrown), node: String(node.id) };
      const message = thrown instanceof Error ? thrown.message : problem.message;
      this.#hostRuns.tell([{ ...problem, message }]);
      return undefined;
    }
  }
}
