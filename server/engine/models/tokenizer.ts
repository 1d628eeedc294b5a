import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import type { TokenWindow } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError } from '../../../nodes/kit/index.ts';

const token = z.union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)]);
const Config = z.object({
  model_max_length: z.int().min(3).max(4096).catch(77),
  bos_token: token.default('<|startoftext|>'),
  eos_token: token.default('<|endoftext|>'),
  pad_token: token.default('<|endoftext|>'),
  unk_token: token.default('<|endoftext|>'),
});
const Vocabulary = z.record(z.string(), z.int());

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

async function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((thrown: unknown) => {
    throw new GraphError(
      'bad-model',
      `The tokenizer file ${file} cannot be read. Put tokenizer/vocab.json and tokenizer/merges.txt of the model there.`,
      { cause: thrown },
    );
  });
}

/** Reads the `tokenizer` folder of a model. Throws `bad-model`. */
export async function openTokenizer(folder: string): Promise<PromptTokenizer> {
  const path = join(folder, 'tokenizer');
  const [vocabText, mergesText, configText] = await Promise.all([
    read(join(path, 'vocab.json')),
    read(join(path, 'merges.txt')),
    readFile(join(path, 'tokenizer_config.json'), 'utf8').catch(() => '{}'),
  ]);
  try {
    const vocab = Vocabulary.parse(JSON.parse(vocabText));
    const config = Config.parse(JSON.parse(configText));
    const merges = mergesText.split('\n').filter((line) => line !== '' && !line.startsWith('#version'));
    const tokenizer = new Tokenizer(clipTokenizer(vocab, merges, config.unk_token), { ...config, tokenizer_class: 'CLIPTokenizer' });
    const idOf = (name: string): number => {
      const id = vocab[name];
      if (id === undefined) throw new Error(`the special token ${name} is not in the vocabulary`);
      return id;
    };
    return {
      window: { length: config.model_max_length, begin: idOf(config.bos_token), end: idOf(config.eos_token), pad: idOf(config.pad_token) },
      ids: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
      word: (id) => tokenizer.decode([id]).trim(),
    };
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown) : thrown instanceof Error ? thrown.message : String(thrown);
    throw new GraphError('bad-model', `The tokenizer in ${path} cannot be used: ${reason}. Download or export the model again.`, {
      cause: thrown,
    });
  }
}
