/** Names inside a residual block: latent diffusion's → those of diffusers. */
export const resnetNames: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
};

/** Layers outside of the blocks. */
export const singleNames: Readonly<Record<string, string>> = {
  'time_embed.0': 'time_embedding.linear_1',
  'time_embed.2': 'time_embedding.linear_2',
  'label_emb.0.0': 'add_embedding.linear_1',
  'label_emb.0.2': 'add_embedding.linear_2',
  'input_blocks.0.0': 'conv_in',
  'out.0': 'conv_norm_out',
  'out.2': 'conv_out',
};

/** Splits `a.b.weight` into `a.b` and `.weight`. */
function split(name: string): readonly [string, string] {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot)];
}

/** What a module of a block is, by the names inside it. */
type ModuleKind = 'resnet' | 'transformer' | 'downsampler' | 'upsampler';

function kindOf(inner: string): ModuleKind {
  if (inner.startsWith('in_layers') || inner.startsWith('emb_layers') || inner.startsWith('out_layers') || inner.startsWith('skip_'))
    return 'resnet';
  if (inner.startsWith('op.')) return 'downsampler';
  return inner.startsWith('conv.') ? 'upsampler' : 'transformer';
}

function inner(kind: ModuleKind, name: string): string {
  const [layer, kept] = split(name);
  if (kind === 'resnet') return `${resnetNames[layer] ?? layer}${kept}`;
  if (kind === 'downsampler' || kind === 'upsampler') return `conv${kept}`;
  return name;
}

const block = /^(input_blocks|output_blocks)\.(\d+)\.(\d+)\.(.+)$/;

interface Placed {
  readonly key: string;
  readonly number: number;
  readonly kind: ModuleKind;
  readonly rest: string;
}

function placedOf(keys: readonly string[], side: string): Placed[] {
  const found = keys.flatMap((key) => {
    const [, which, number = '', , rest = ''] = block.exec(key) ?? [];
    return which === side ? [{ key, number: Number(number), kind: kindOf(rest), rest }] : [];
  });
  return found.sort((a, b) => a.number - b.number);
}

const folders: Readonly<Record<ModuleKind, string>> = {
  resnet: 'resnets',
  transformer: 'attentions',
  downsampler: 'downsamplers',
  upsampler: 'upsamplers',
};

/** Numbers the blocks of one side by level and place; a level ends with a block that has a sampler (`ends`). */
function sideNames(placed: readonly Placed[], prefix: string, ends: ModuleKind): [string, string][] {
  const numbers = [...new Set(placed.map(({ number }) => number))];
  let level = 0;
  let index = 0;
  return numbers.flatMap((number) => {
    const here = placed.filter((one) => one.number === number);
    const at = { level, index };
    const hasResnet = here.some(({ kind }) => kind === 'resnet');
    if (here.some(({ kind }) => kind === ends)) {
      level += 1;
      index = 0;
    } else if (hasResnet) index += 1;
    return here.map(({ key, kind, rest }): [string, string] => {
      const place = kind === 'resnet' || kind === 'transformer' ? at.index : 0;
      return [key, `${prefix}.${at.level}.${folders[kind]}.${place}.${inner(kind, rest)}`];
    });
  });
}

function middleName(key: string): string | undefined {
  const [, number = '', rest = ''] = /^middle_block\.([012])\.(.+)$/.exec(key) ?? [];
  if (number === '') return undefined;
  return number === '1' ? `mid_block.attentions.0.${rest}` : `mid_block.resnets.${Number(number) / 2}.${inner('resnet', rest)}`;
}

function singleName(key: string): string | undefined {
  const [layer, kept] = split(key);
  const name = singleNames[layer];
  return name === undefined ? undefined : `${name}${kept}`;
}

/** Names of a U-Net's weights in latent diffusion's files (without `model.diffusion_model.`) → those of diffusers; unknown ones are left out. */
export function ldmUnetNames(keys: readonly string[]): ReadonlyMap<string, string> {
  const single = keys.flatMap((key): [string, string][] => {
    const name = singleName(key) ?? middleName(key);
    return name === undefined ? [] : [[key, name]];
  });
  const blocks = keys.filter((key) => !key.startsWith('input_blocks.0.'));
  return new Map([
    ...single,
    ...sideNames(placedOf(blocks, 'input_blocks'), 'down_blocks', 'downsampler'),
    ...sideNames(placedOf(blocks, 'output_blocks'), 'up_blocks', 'upsampler'),
  ]);
}
