import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import type { TokenWindow } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError } from '../../../nodes/kit/index.ts';
import { clipSpecials, vocabularyOf } from './clip-vocabulary.ts';
import { embeddedModels } from './list.ts';

const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const Config = z.object({
  model_max_length: z.int().min(3).max(4096).catch(77),
  bos_token: token.default(clipSpecials.begin),
  eos_token: token.default(clipSpecials.end),
  pad_token: token.optional(),
  unk_token: token.default(clipSpecials.end),
});
const Words = z.record(z.string(), z.int());
/** A pair is a string with a blank, or a list of two. */
const pair = z.union([z.string(), z.tuple([z.string(), z.string()]).transform((parts) => parts.join(' '))]);
const Whole = z.object({ model: z.object({ type: z.literal('BPE').optional(), vocab: Words, merges: z.array(pair) }) });

interface Vocabulary {
  readonly words: Readonly<Record<string, number>>;
  readonly merges: readonly string[];
}

/** Words to token ids, without begin and end, and the window they are framed in. */
export interface PromptTokenizer {
  readonly window: TokenWindow;
  ids(text: string): readonly number[];
  /** What a token stands for, as people write it. */
  word(id: number): string;
}

const splitPattern = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** vocab.json and merges.txt in the layout of a tokenizer.json: CLIP's byte-pair encoding, lower case, words end in `</w>`. */
const clipTokenizer = (vocab: Readonly<Record<string, number>>, merges: readonly string[], unknown: string): object => ({
  version: '1.0',
  added_tokens: [],
  normalizer: {
    type: 'Sequence',
    normalizers: [{ type: 'NFC' }, { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }, { type: 'Lowercase' }],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: splitPattern }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    unk_token: unknown,
    end_of_word_suffix: '</w>',
    continuing_subword_prefix: '',
    fuse_unk: false,
    vocab,
    merges,
  },
});

/** The text of a file, or undefined where there is none. */
async function read(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw new GraphError('bad-model', `The tokenizer file ${file} cannot be read: ${thrown.message}.`, { cause: thrown });
  });
}

const readIn = async (folder: string | undefined, name: string): Promise<string | undefined> =>
  folder === undefined ? undefined : read(join(folder, name));

const mergesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'));

/** vocab.json and merges.txt, or tokenizer.json, or CLIP's own vocabulary where the folder has neither. */
async function readVocabulary(folder: string | undefined): Promise<Vocabulary> {
  const [vocab, merges, whole] = await Promise.all(['vocab.json', 'merges.txt', 'tokenizer.json'].map((name) => readIn(folder, name)));
  if (vocab !== undefined && merges !== undefined) return { words: Words.parse(JSON.parse(vocab)), merges: mergesOf(merges) };
  if (whole !== undefined) {
    const { model } = Whole.parse(JSON.parse(whole));
    return { words: model.vocab, merges: model.merges };
  }
  if (vocab !== undefined || merges !== undefined)
    throw new Error(`${vocab === undefined ? 'vocab.json' : 'merges.txt'} is missing beside the other`);
  const own = mergesOf((await read(join(embeddedModels(), 'clip', 'tokenizer', 'merges.txt'))) ?? '');
  return { words: vocabularyOf(own), merges: own };
}

/** Reads a folder with a tokenizer; without one it is CLIP's, as in all Stable Diffusion models. `pad` fills prompts up where the folder does not say. Throws `bad-model`. */
export async function openTokenizer(folder: string | undefined, pad: string = clipSpecials.end): Promise<PromptTokenizer> {
  try {
    const { words, merges } = await readVocabulary(folder);
    const config = Config.parse(JSON.parse((await readIn(folder, 'tokenizer_config.json')) ?? '{}'));
    const tokenizer = new Tokenizer(clipTokenizer(words, merges, config.unk_token), { ...config, tokenizer_class: 'CLIPTokenizer' });
    const idOf = (name: string): number => {
      const id = words[name];
      if (id === undefined) throw new Error(`the special token ${name} is not in the vocabulary`);
      return id;
    };
    const end = idOf(config.eos_token);
    return {
      window: { length: config.model_max_length, begin: idOf(config.bos_token), end, pad: words[config.pad_token ?? pad] ?? end },
      ids: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
      word: (id) => tokenizer.decode([id]).trim(),
    };
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown instanceof Error ? thrown.message : String(thrown);
    throw new GraphError('bad-model', `The tokenizer in ${folder} cannot be used: ${reason}. Download or export the model again.`, {
      cause: thrown,
    });
  }
}
