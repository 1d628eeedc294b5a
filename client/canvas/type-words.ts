const words: Readonly<Record<string, string>> = {
  MODEL: 'a model',
  CLIP: 'a text encoder',
  VAE: 'a VAE',
  CONDITIONING: 'an encoded prompt',
  CONTROL_NET: 'a ControlNet',
  LATENT: 'a latent',
  IMAGE: 'a picture',
  MASK: 'a mask',
  NOISE_SCHEDULE: 'a noise schedule',
  SIGMAS: 'noise levels',
  GUIDER: 'a denoiser',
  SAMPLER: 'a sampling method',
  NOISE: 'noise',
  INT: 'a whole number',
  FLOAT: 'a number',
  STRING: 'text',
  BOOLEAN: 'on or off',
  COMBO: 'a choice from a list',
};

/** What flows through a wire of a type, in plain words with the type's name: “a picture (IMAGE)”. */
export const typeInWords = (type: string): string =>
  type
    .split(',')
    .map((one) => (words[one] === undefined ? one : `${words[one]} (${one})`))
    .join(' or ');
