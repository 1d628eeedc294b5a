import { heatPixels } from '../diffusion/heat-colours.ts';
import { requireFinite } from '../diffusion/noisy-latents.ts';
import { meanSquaredError, peakSignalToNoise } from '../diffusion/statistics.ts';
import { defineNode, float, GraphError, type Image, image, type NodeEvent, sameShape } from '../kit/index.ts';

/** The mean of |a − b| over the colours, a number a pixel. */
function differences(a: Image, b: Image): Float32Array {
  const channels = a.dims[3] ?? 1;
  return Float32Array.from({ length: a.data.length / channels }, (_, pixel) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += Math.abs((a.data[pixel * channels + c] ?? 0) - (b.data[pixel * channels + c] ?? 0));
    return sum / channels;
  });
}

/** Where two pictures differ. */
export default defineNode({
  type: 'ErrorMap',
  title: 'Error map',
  category: 'image',
  effect: 'show',
  help: 'Shows where two pictures differ: dark where they agree, bright where they do not, with the peak signal-to-noise ratio (PSNR; over 30 dB is hard to see).',
  inputs: {
    image_a: image({ label: 'image', help: 'A picture.' }),
    image_b: image({ label: 'other', help: 'Another of the same size.' }),
    full: float({
      label: 'full scale',
      default: 0.25,
      min: 0.001,
      max: 1,
      help: 'The difference that is drawn brightest; pixels go from 0 to 1.',
      slider: true,
    }),
  },
  outputs: {
    IMAGE: image({ label: 'map', help: 'The map.' }),
    error: float({ label: 'squared error', help: 'Mean of the squared differences.', default: 0, min: 0, max: 1 }),
  },
  async *run({ image_a: a, image_b: b, full }, { images }): AsyncGenerator<NodeEvent, { IMAGE: Image; error: number }, void> {
    if (!sameShape(a, b)) {
      throw new GraphError(
        'size-mismatch',
        `The pictures are [${a.dims.join(', ')}] and [${b.dims.join(', ')}]. Scale one to the size of the other.`,
        {
          place: { port: 'image_b' },
        },
      );
    }
    const [batch = 0, height = 0, width = 0] = requireFinite(a, 'The picture').dims;
    const error = meanSquaredError(a, requireFinite(b, 'The other picture'));
    const map = { dims: [batch, height, width, 3], data: heatPixels(differences(a, b).map((value) => value / full)) };
    const words = error === 0 ? 'no difference' : `PSNR ${peakSignalToNoise(error).toFixed(1)} dB`;
    const labels = batch === 1 ? { labels: { columns: [words], rows: [] } } : {};
    yield { kind: 'show', content: { kind: 'images', files: await images.show(map), ...labels } };
    return { IMAGE: map, error };
  },
});
