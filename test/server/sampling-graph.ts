/** A picture of a rocket by the embedded model in so many steps, saved as `prefix`. */
export const samplingGraph = (steps: number, prefix: string, seed = 7) => ({
  model: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny-emoji' } },
  prompt: { class_type: 'CLIPTextEncode', inputs: { text: 'rocket', clip: ['model', 1] } },
  latent: { class_type: 'EmptyLatentImage', inputs: { width: 128, height: 128, batch_size: 1 } },
  sample: {
    class_type: 'KSampler',
    inputs: {
      ...{ model: ['model', 0], seed, steps, cfg: 4, sampler_name: 'euler', scheduler: 'karras' },
      ...{ positive: ['prompt', 0], negative: ['prompt', 0], latent_image: ['latent', 0], denoise: 1 },
    },
  },
  decode: { class_type: 'VAEDecode', inputs: { samples: ['sample', 0], vae: ['model', 2] } },
  saved: { class_type: 'SaveImage', inputs: { images: ['decode', 0], filename_prefix: prefix } },
});
