/** Graphs as other programs save them, for the reader's tests. */

/** The default workflow of ComfyUI, as its page saves it. */
export const comfyDefault = {
  id: '2ba0b800-2f13-4f21-b8d6-c6cdb0152cae',
  revision: 0,
  last_node_id: 9,
  last_link_id: 9,
  nodes: [
    comfyNode(7, 'CLIPTextEncode', {
      inputs: [['clip', 'CLIP', 5]],
      outputs: [['CONDITIONING', 'CONDITIONING', [6]]],
      widgets: ['text, watermark'],
    }),
    comfyNode(6, 'CLIPTextEncode', {
      inputs: [['clip', 'CLIP', 3]],
      outputs: [['CONDITIONING', 'CONDITIONING', [4]]],
      widgets: ['a bottle'],
    }),
    comfyNode(5, 'EmptyLatentImage', { inputs: [], outputs: [['LATENT', 'LATENT', [2]]], widgets: [512, 768, 1] }),
    comfyNode(3, 'KSampler', {
      inputs: [
        ['model', 'MODEL', 1],
        ['positive', 'CONDITIONING', 4],
        ['negative', 'CONDITIONING', 6],
        ['latent_image', 'LATENT', 2],
      ],
      outputs: [['LATENT', 'LATENT', [7]]],
      widgets: [156680208700286, 'randomize', 25, 7.5, 'heun', 'karras', 0.9],
    }),
    comfyNode(8, 'VAEDecode', {
      inputs: [
        ['samples', 'LATENT', 7],
        ['vae', 'VAE', 8],
      ],
      outputs: [['IMAGE', 'IMAGE', [9]]],
      widgets: [],
    }),
    comfyNode(9, 'SaveImage', { inputs: [['images', 'IMAGE', 9]], outputs: [], widgets: ['ComfyUI'] }),
    comfyNode(4, 'CheckpointLoaderSimple', {
      inputs: [],
      outputs: [
        ['MODEL', 'MODEL', [1]],
        ['CLIP', 'CLIP', [3, 5]],
        ['VAE', 'VAE', [8]],
      ],
      widgets: ['tiny-emoji'],
    }),
  ],
  links: [
    [1, 4, 0, 3, 0, 'MODEL'],
    [2, 5, 0, 3, 3, 'LATENT'],
    [3, 4, 1, 6, 0, 'CLIP'],
    [4, 6, 0, 3, 1, 'CONDITIONING'],
    [5, 4, 1, 7, 0, 'CLIP'],
    [6, 7, 0, 3, 2, 'CONDITIONING'],
    [7, 3, 0, 8, 0, 'LATENT'],
    [8, 4, 2, 8, 1, 'VAE'],
    [9, 8, 0, 9, 0, 'IMAGE'],
  ],
  groups: [],
  config: {},
  extra: { ds: { scale: 1, offset: [0, 0] }, frontendVersion: '1.27.10' },
  version: 0.4,
};

interface Slots {
  readonly inputs: readonly (readonly [string, string, number | null])[];
  readonly outputs: readonly (readonly [string, string, readonly number[]])[];
  readonly widgets: readonly unknown[];
}

/** One node as ComfyUI's page writes it. */
export function comfyNode(id: number, type: string, { inputs, outputs, widgets }: Slots) {
  return {
    id,
    type,
    pos: [id * 100, 50],
    size: { 0: 315, 1: 262 },
    flags: {},
    order: id,
    mode: 0,
    inputs: inputs.map(([name, slotType, link]) => ({ name, type: slotType, link })),
    outputs: outputs.map(([name, slotType, links], slot_index) => ({ name, type: slotType, links, slot_index })),
    properties: { 'Node name for S&R': type, cnr_id: 'comfy-core', ver: '0.3.64' },
    widgets_values: widgets,
  };
}

/** The same workflow in API format. */
export const comfyApi = {
  '3': {
    inputs: {
      seed: 156680208700286,
      steps: 25,
      cfg: 7.5,
      sampler_name: 'heun',
      scheduler: 'karras',
      denoise: 0.9,
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    },
    class_type: 'KSampler',
    _meta: { title: 'KSampler' },
  },
  '4': { inputs: { ckpt_name: 'tiny-emoji' }, class_type: 'CheckpointLoaderSimple', _meta: { title: 'Load Checkpoint' } },
  '5': { inputs: { width: 512, height: 768, batch_size: 1 }, class_type: 'EmptyLatentImage' },
  '6': { inputs: { text: 'a bottle', clip: ['4', 1] }, class_type: 'CLIPTextEncode' },
  '7': { inputs: { text: 'text, watermark', clip: ['4', 1] }, class_type: 'CLIPTextEncode' },
  '8': { inputs: { samples: ['3', 0], vae: ['4', 2] }, class_type: 'VAEDecode' },
  '9': { inputs: { filename_prefix: 'ComfyUI', images: ['8', 0] }, class_type: 'SaveImage' },
};
