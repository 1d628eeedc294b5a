import { channelPictures, enlarged, latentViews, pixelPictures, previewPictures } from '../diffusion/latent-pictures.ts';
import { inForm, networkScale, requireFinite } from '../diffusion/noisy-latents.ts';
import { choice, defineNode, GraphError, image, int, latent, model, optional, scale, text } from '../kit/index.ts';

/** A latent seen without its VAE. */
export default defineNode({
  type: 'LatentToImage',
  title: 'Latent to image',
  category: 'latent',
  help: 'Shows what is inside a latent without a VAE: each channel as a picture (blue below zero, red above), or a rough preview in colour, or, for “Pixels as latent”, the pixels.',
  keywords: ['channels', 'look inside', 'peek'],
  inputs: {
    samples: latent({ label: 'latent', help: 'What to look at. Noisy latents are shown as the network sees them.' }),
    model: optional(model({ label: 'model', help: 'Only for “preview”: the model whose latent this is.' })),
    view: choice(latentViews, {
      label: 'view',
      help: 'channels: one picture a channel. pixels: a latent of three channels as red, green, blue. preview: a quick guess of the picture.',
    }),
    enlarge: int({ label: 'enlarge', unit: '×', default: 8, min: 1, max: 64, help: 'Pixels along each side of a latent cell.' }),
  },
  outputs: {
    IMAGE: image({ label: 'image', help: 'The pictures, as a batch.' }),
    labels: text({ label: 'labels', help: 'What each picture shows, for a film strip.' }),
  },
  run({ samples: from, model: network, view, enlarge }) {
    const { samples } = inForm(from, 'preserving');
    const [batch = 0, channels = 0] = requireFinite(samples, 'The latent').dims;
    if (view === 'pixels') return { IMAGE: enlarged(pixelPictures(samples), enlarge), labels: numbered('picture', batch) };
    const unit = from.scale === 'unknown' && network !== undefined ? network.latent.scale : networkScale(from);
    const scaled = scale(samples, unit);
    if (view === 'channels') return { IMAGE: enlarged(channelPictures(scaled), enlarge), labels: numbered('channel', channels) };
    if (network !== undefined) return { IMAGE: enlarged(previewPictures(scaled, network), enlarge), labels: numbered('picture', batch) };
    throw new GraphError('missing-input', 'A preview needs the model whose latent this is: wire it, or choose the view “channels”.', {
      place: { port: 'model' },
    });
  },
});

const numbered = (word: string, count: number): string => Array.from({ length: count }, (_, i) => `${word} ${i + 1}`).join('\n');
