import type { Catalogue, NodeSpec, Ports } from '../../nodes/kit/index.ts';
import * as kit from '../../nodes/kit/index.ts';

/** One row of the catalogue for tests. */
interface Row {
  readonly inputs: Ports;
  readonly outputs: Ports;
  readonly effect?: 'show' | 'write';
  readonly virtual?: boolean;
}

const help = 'For tests.';
const info = { help };
const size = (initial: number) => kit.int({ help, default: initial, min: 16, max: 16384, step: 8 });
const cfg = kit.float({ help, default: 8, min: 0, max: 100 });
const steps = kit.int({ help, default: 20, min: 1, max: 10000 });
const denoise = kit.float({ help, default: 1, min: 0, max: 1 });
const sampler = kit.choice(['euler', 'heun', 'dpmpp_2m'], { help, default: 'euler' });
const scheduler = kit.choice(['normal', 'karras', 'simple'], { help, default: 'normal' });

const rows: Readonly<Record<string, Row>> = {
  CheckpointLoaderSimple: {
    inputs: { ckpt_name: kit.choiceFrom('checkpoints', info) },
    outputs: { MODEL: kit.model(info), CLIP: kit.clip(info), VAE: kit.vae(info) },
  },
  CLIPTextEncode: {
    inputs: { text: kit.text({ help, multiline: true }), clip: kit.clip(info) },
    outputs: { CONDITIONING: kit.conditioning(info) },
  },
  EmptyLatentImage: {
    inputs: { width: size(512), height: size(512), batch_size: kit.int({ help, default: 1, min: 1, max: 64 }) },
    outputs: { LATENT: kit.latent(info) },
  },
  KSampler: {
    inputs: {
      model: kit.model(info),
      seed: kit.seed(info),
      steps,
      cfg,
      sampler_name: sampler,
      scheduler,
      positive: kit.conditioning(info),
      negative: kit.conditioning(info),
      latent_image: kit.latent(info),
      denoise,
    },
    outputs: { LATENT: kit.latent(info) },
  },
  VAEDecode: { inputs: { samples: kit.latent(info), vae: kit.vae(info) }, outputs: { IMAGE: kit.image(info) } },
  VAEEncode: { inputs: { pixels: kit.image(info), vae: kit.vae(info) }, outputs: { LATENT: kit.latent(info) } },
  LoadImage: {
    inputs: { image: kit.choiceFrom('input-images', { help, upload: true }) },
    outputs: { IMAGE: kit.image(info), MASK: kit.mask(info) },
  },
  LoadImageMask: {
    inputs: {
      image: kit.choiceFrom('input-images', { help, upload: true }),
      channel: kit.choice(['alpha', 'red', 'green'], { help, default: 'alpha' }),
    },
    outputs: { MASK: kit.mask(info) },
  },
  ImageSwap: {
    inputs: { image1: kit.image(info), image2: kit.image(info) },
    outputs: { first: kit.image(info), second: kit.image(info) },
  },
  SaveImage: {
    inputs: { images: kit.image(info), filename_prefix: kit.text({ help, default: 'image' }) },
    outputs: {},
    effect: 'write',
  },
  PreviewImage: { inputs: { images: kit.image(info) }, outputs: {}, effect: 'show' },
  ImageInvert: { inputs: { image: kit.image(info) }, outputs: { IMAGE: kit.image(info) } },
  ImageBlend: {
    inputs: {
      image1: kit.image(info),
      image2: kit.image(info),
      extra: kit.optional(kit.image(info)),
      strict: kit.toggle({ help, default: false }),
    },
    outputs: { IMAGE: kit.image(info) },
  },
  EmptyImage: {
    inputs: { width: size(64), height: size(64), color: kit.color({ help, default: 0 }) },
    outputs: { IMAGE: kit.image(info) },
  },
  RandomNoise: { inputs: { noise_seed: kit.seed(info) }, outputs: { NOISE: kit.noise(info) } },
  CFGGuider: {
    inputs: { model: kit.model(info), positive: kit.conditioning(info), negative: kit.conditioning(info), cfg },
    outputs: { GUIDER: kit.guider(info) },
  },
  BasicScheduler: { inputs: { model: kit.model(info), scheduler, steps, denoise }, outputs: { SIGMAS: kit.sigmas(info) } },
  KSamplerSelect: { inputs: { sampler_name: sampler }, outputs: { SAMPLER: kit.sampler(info) } },
  SamplerCustomAdvanced: {
    inputs: {
      noise: kit.noise(info),
      guider: kit.guider(info),
      sampler: kit.sampler(info),
      sigmas: kit.sigmas(info),
      latent_image: kit.latent(info),
    },
    outputs: { output: kit.latent(info), denoised_output: kit.latent(info) },
  },
  Note: { inputs: { text: kit.text({ help, multiline: true }) }, outputs: {}, virtual: true },
  Reroute: { inputs: { value: kit.any(info) }, outputs: { value: kit.any(info) }, virtual: true },
  PrimitiveNode: { inputs: { value: kit.text(info) }, outputs: { value: kit.any(info) }, virtual: true },
};

/** What the test server would have, by source. */
export const files = {
  checkpoints: ['tiny-emoji', 'other.safetensors'],
  'input-images': ['example.png'],
  controlnets: ['canny.safetensors'],
  loras: ['style.safetensors'],
  vae: ['fine.safetensors'],
  clip: ['clip_l.safetensors', 'clip_g.safetensors'],
  unet: ['network.safetensors'],
} as const;
/** What a summary compares with. */
export const knownFiles = { checkpoints: files.checkpoints, inputImages: files['input-images'] };

function specOf(type: string, { inputs, outputs, effect, virtual }: Row): NodeSpec {
  const definition = { type, title: type, category: 'graph' as const, help, inputs, outputs, run: () => ({}) };
  const spec = kit.specOf({ ...definition, ...(effect ? { effect } : {}), ...(virtual ? { virtual } : {}) });
  return { ...spec, inputs: spec.inputs.map(filled) };
}

function filled(port: kit.PortSpec): kit.PortSpec {
  if (port.widget?.kind !== 'choice' || port.widget.source === undefined) return port;
  return { ...port, widget: { ...port.widget, options: files[port.widget.source] } };
}

/** A small catalogue with ComfyUI's names and orders, and the server's lists filled in. */
export const catalogue: Catalogue = new Map(Object.entries(rows).map(([type, row]) => [type, specOf(type, row)]));
