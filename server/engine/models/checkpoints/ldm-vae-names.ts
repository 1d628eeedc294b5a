/** Names inside a VAE's attention: latent diffusion's and diffusers' old ones → those of diffusers. */
const attentionNames: Readonly<Record<string, string>> = {
  norm: 'group_norm',
  q: 'to_q',
  k: 'to_k',
  v: 'to_v',
  proj_out: 'to_out.0',
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  proj_attn: 'to_out.0',
};

const middleNames: Readonly<Record<string, string>> = { block_1: 'resnets.0', block_2: 'resnets.1', attn_1: 'attentions.0' };

function resnetName(rest: string): string {
  return rest.replace(/^nin_shortcut/, 'conv_shortcut');
}

const attentionName = (rest: string): string => rest.replace(/^[a-z_]+(?=\.)/, (layer) => attentionNames[layer] ?? layer);

/** A name of latent diffusion's VAE, one of diffusers' or of old versions of it → that of diffusers; `levels` is the number of resolutions. */
export function vaeName(key: string, levels: number): string {
  const old = /^((?:en|de)coder\.mid_block\.attentions\.0)\.(.+)$/.exec(key);
  if (old !== null) return `${old[1]}.${attentionName(old[2] ?? '')}`;
  const middle = /^(encoder|decoder)\.mid\.(block_1|block_2|attn_1)\.(.+)$/.exec(key);
  if (middle !== null) {
    const [, side, which = '', rest = ''] = middle;
    return `${side}.mid_block.${middleNames[which]}.${which === 'attn_1' ? attentionName(rest) : resnetName(rest)}`;
  }
  const down = /^encoder\.down\.(\d+)\.(?:block\.(\d+)|downsample)\.(.+)$/.exec(key);
  if (down !== null) {
    const [, level, block, rest = ''] = down;
    return `encoder.down_blocks.${level}.${block === undefined ? 'downsamplers.0' : `resnets.${block}`}.${resnetName(rest)}`;
  }
  const up = /^decoder\.up\.(\d+)\.(?:block\.(\d+)|upsample)\.(.+)$/.exec(key);
  if (up !== null) {
    const [, level, block, rest = ''] = up;
    return `decoder.up_blocks.${levels - 1 - Number(level)}.${block === undefined ? 'upsamplers.0' : `resnets.${block}`}.${resnetName(rest)}`;
  }
  return key.replace(/^(encoder|decoder)\.norm_out\./, '$1.conv_norm_out.');
}

/** How many resolutions a VAE has, by the names of its weights in either form. */
export function vaeLevels(keys: Iterable<string>): number {
  let levels = 0;
  for (const key of keys) {
    const found = /^(?:encoder\.down|encoder\.down_blocks|decoder\.up|decoder\.up_blocks)\.(\d+)\./.exec(key);
    if (found !== null) levels = Math.max(levels, Number(found[1]) + 1);
  }
  return levels;
}
