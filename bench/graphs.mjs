// The workflows that are timed, in the compact form.

/** EmptyImage 64×64 → n × ImageInvert → PreviewImage; another colour makes every node fresh. */
export function chain(n, color) {
  const graph = { source: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color } } };
  let last = 'source';
  for (let i = 0; i < n; i++) {
    graph[`n${i}`] = { class_type: 'ImageInvert', inputs: { image: [last, 0] } };
    last = `n${i}`;
  }
  graph.shown = { class_type: 'PreviewImage', inputs: { images: [last, 0] } };
  return graph;
}

/** Text to image with the expanded nodes; node `loop` samples. */
export function textToImage({ seed, steps, size }) {
  return {
    model: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny-emoji' } },
    positive: { class_type: 'CLIPTextEncode', inputs: { text: 'red apple', clip: ['model', 1] } },
    negative: { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['model', 1] } },
    guider: { class_type: 'CFGGuider', inputs: { model: ['model', 0], positive: ['positive', 0], negative: ['negative', 0], cfg: 4 } },
    sigmas: { class_type: 'BasicScheduler', inputs: { model: ['model', 0], scheduler: 'karras', steps, denoise: 1 } },
    noise: { class_type: 'RandomNoise', inputs: { noise_seed: seed } },
    sampler: { class_type: 'KSamplerSelect', inputs: { sampler_name: 'euler' } },
    latent: { class_type: 'EmptyLatentImage', inputs: { width: size, height: size, batch_size: 1 } },
    loop: {
      class_type: 'SamplerCustomAdvanced',
      inputs: { noise: ['noise', 0], guider: ['guider', 0], sampler: ['sampler', 0], sigmas: ['sigmas', 0], latent_image: ['latent', 0] },
    },
    decode: { class_type: 'VAEDecode', inputs: { samples: ['loop', 0], vae: ['model', 2] } },
    shown: { class_type: 'PreviewImage', inputs: { images: ['decode', 0] } },
  };
}
