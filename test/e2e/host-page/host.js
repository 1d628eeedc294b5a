// What a host page does with the plugin, as its README tells, and what the test wants to know of the page.
/* global LiteGraph, LGraphCanvas, LitegraphDiffusion */
const { server } = document.currentScript.dataset;
const graph = new LiteGraph.LGraph();
const canvas = new LiteGraph.LGraphCanvas('#canvas', graph);
canvas.onDrawForeground = () => {
  globalThis.host.foregrounds += 1;
};

const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Everything of the host that the plugin could have touched, as text. */
const snapshot = () =>
  JSON.stringify(
    {
      types: Object.keys(LiteGraph.registered_node_types),
      classes: Object.keys(LiteGraph.Nodes).sort(),
      links: sorted(LGraphCanvas.link_type_colors),
      slots: sorted(canvas.default_connection_color_byType),
      inTypes: sorted(LiteGraph.registered_slot_in_types),
      outTypes: sorted(LiteGraph.registered_slot_out_types),
      names: [LiteGraph.slot_types_in, LiteGraph.slot_types_out],
      hook: String(canvas.onDrawForeground),
      elements: document.querySelectorAll('*').length,
    },
    null,
    1,
  );

const toClient = ([x, y]) => {
  const { left, top } = canvas.canvas.getBoundingClientRect();
  const { scale, offset } = canvas.ds;
  return { x: left + (x + offset[0]) * scale, y: top + (y + offset[1]) * scale };
};

/** The colours in a part of a node, given in the node's own units. */
const pixels = (id, [x, y, width, height]) => {
  const node = graph.getNodeById(id);
  const from = toClient([node.pos[0] + x, node.pos[1] + y]);
  const { scale } = canvas.ds;
  const { data } = canvas.canvas.getContext('2d').getImageData(from.x, from.y, Math.max(1, width * scale), Math.max(1, height * scale));
  const colours = new Set();
  const sum = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    for (const at of [0, 1, 2]) sum[at] += data[i + at];
  }
  return { colours: colours.size, mean: sum.map((value) => Math.round((value * 4) / data.length)) };
};

/** The middle of what a node shows. */
const shown = (id) => {
  const [width, height] = graph.getNodeById(id).size;
  return pixels(id, [width / 2 - 30, height - 100, 60, 60]);
};

globalThis.host = {
  graph,
  canvas,
  foregrounds: 0,
  before: snapshot(),
  snapshot,
  pixels,
  shown,
  register(options = {}) {
    this.diffusion = LitegraphDiffusion.registerDiffusionNodes(LiteGraph, { server, ...options });
    this.diffusion.attach(canvas);
    return this.diffusion;
  },
  add(type, pos, values = {}) {
    const node = LiteGraph.createNode(type);
    node.pos = pos;
    graph.add(node);
    for (const [name, value] of Object.entries(values)) node.setProperty(name, value);
    return node.id;
  },
  wire: (from, output, to, input) => {
    const target = graph.getNodeById(to);
    return graph.getNodeById(from).connect(output, target, target.findInputSlot(input)) !== null;
  },
  slot: (id, isInput, name) => {
    const node = graph.getNodeById(id);
    return toClient(node.getConnectionPos(isInput, isInput ? node.findInputSlot(name) : node.findOutputSlot(name)));
  },
  widget: (id, name) => {
    const node = graph.getNodeById(id);
    const { last_y: y } = node.widgets.find((widget) => widget.name === name);
    return toClient([node.pos[0] + node.size[0] / 2, node.pos[1] + y + 10]);
  },
  shownValue: (id, name) => graph.getNodeById(id).widgets.find((widget) => widget.name === name)?.value,
  property: (id, name) => graph.getNodeById(id).properties[name],
  /** Looks into a node at each frame until the run ends: how many colours it showed while its loop was running. */
  async runAndWatch(id) {
    let state = 'sent';
    const seen = [];
    const stop = this.diffusion.on('run', (run) => {
      state = run.nodes.get(String(id))?.state === 'running' ? 'looping' : run.state;
    });
    const look = () => {
      seen.push({ state, ...shown(id) });
      watching = requestAnimationFrame(look);
    };
    let watching = requestAnimationFrame(look);
    const run = await this.diffusion.run();
    cancelAnimationFrame(watching);
    stop();
    return { state: run.state, outputs: run.outputs, problems: run.problems, seen };
  },
};
