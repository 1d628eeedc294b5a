import { color, defineNode, image, int } from '../kit/index.ts';

/** One colour. */
export default defineNode({
  type: 'EmptyImage',
  title: 'Empty image',
  category: 'image',
  help: 'A picture of a single colour.',
  inputs: {
    width: int({ label: 'width', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Width of the picture.' }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Height of the picture.' }),
    batch_size: int({ label: 'batch', unit: 'pictures', default: 1, min: 1, max: 4096, help: 'How many.' }),
    color: color({ label: 'colour', default: 0, help: 'The colour.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The picture.' }) },
  run({ width, height, batch_size, color: rgb }) {
    const data = new Float32Array(batch_size * height * width * 3);
    const channels = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255].map((byte) => byte / 255);
    for (let i = 0; i < data.length; i++) data[i] = channels[i % 3] ?? 0;
    return { IMAGE: { dims: [batch_size, height, width, 3], data } };
  },
});
