import type { ImageStore, ModelStore } from '../../nodes/kit/index.ts';

const none = (): Promise<never> => Promise.reject(new Error('This test has no models and no pictures.'));

/** A store without models. */
export const noModels: ModelStore = {
  checkpoint: none,
  identity: none,
  unet: none,
  clip: none,
  vae: none,
  embeddings: async () => '',
  controlNetwork: none,
};

/** A store without pictures. */
export const noImages: ImageStore = { load: none, identity: none, save: none, show: none, has: none, resize: none };
