import { defineNode, image, scale } from '../kit/index.ts';

/** 1 − x. */
export default defineNode({
  type: 'ImageInvert',
  title: 'Invert image',
  category: 'image',
  help: 'Turns dark into light and each colour into its opposite.',
  keywords: ['negative', 'opposite', 'colours', 'colors'],
  inputs: { image: image({ label: 'image', help: 'The picture to invert.' }) },
  outputs: { IMAGE: image({ label: 'image', help: 'The inverted picture.' }) },
  run: ({ image: picture }) => ({ IMAGE: scale(picture, -1, 1) }),
});
