import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { embeddingTensors, promptPieces, tokenGroups } from '../../nodes/diffusion/prompt-embeddings.ts';
import { packWindows, readWeights, type TokenWindow, type WeightedToken } from '../../nodes/diffusion/prompt-weights.ts';
import type { Tensor } from '../../nodes/kit/index.ts';
import type { Session, SlotInfo } from '../../server/engine/models/onnx.ts';
import { type TextEncoderParts, type TextNetworkParts, textEncoder } from '../../server/engine/models/text-encoder.ts';
import { embeddingInputs, type LayerChoice, lastLayer, penultimateLayer, textStates } from '../../server/engine/models/text-network.ts';
import { openTokenizer, type PromptTokenizer } from '../../server/engine/models/tokenizer.ts';
import reference from '../reference/prompts.json' with { type: 'json' };

let tokenizer: PromptTokenizer;
beforeAll(async () => {
  tokenizer = await openTokenizer(join(import.meta.dirname, '../../models/tiny-emoji'));
});

const rows = (first: number, count: number): Tensor => ({
  dims: [count, 3],
  data: Float32Array.from({ length: 3 * count }, (_, i) => first + i),
});
const files: Readonly<Record<string, Tensor>> = { trained: rows(0.5, 3), single: rows(100, 1) };
const lookup = (name: string): Promise<Tensor | undefined> => Promise.resolve(files[name]);

const furthest = (data: ArrayLike<number>, values: readonly number[]): number =>
  data.length === values.length ? Math.max(...values.map((value, i) => Math.abs(value - (data[i] ?? 0)))) : Number.POSITIVE_INFINITY;

const slot = (name: string, shape: SlotInfo['shape']): SlotInfo => ({ name, type: 'float32', shape });

/** A network whose features are plain sums of ids, places and channels; with `rowWidth` it lets rows of embeddings in. */
function sums(factor: number, width: number, { rowWidth, hidden = [] }: { rowWidth?: number; hidden?: readonly string[] } = {}) {
  const feeds: Readonly<Record<string, Tensor>>[] = [];
  const inputs = [slot('input_ids', ['batch', 'tokens'])];
  if (rowWidth !== undefined)
    inputs.push(slot(embeddingInputs.mask, ['batch', 'tokens', 1]), slot(embeddingInputs.rows, ['batch', 'tokens', rowWidth]));
  const session: Session = {
    inputs,
    outputs: ['last_hidden_state', 'text_embeds', ...hidden].map((name) => slot(name, [])),
    async run(given) {
      feeds.push(given);
      const [batch = 0, tokens = 0] = given.input_ids?.dims ?? [];
      const data = Float32Array.from({ length: batch * tokens * width }, (_, i) => {
        const place = Math.floor(i / width);
        return Math.sin(factor * (given.input_ids?.data[place] ?? 0) + 0.11 * (place % tokens) + (i % width));
      });
      const pooled = Float32Array.from({ length: batch * width }, (_, i) => {
        const of = Math.floor(i / width) * tokens;
        let sum = 0;
        for (let t = 0; t < tokens; t++) sum += data[(of + t) * width + (i % width)] ?? 0;
        return sum;
      });
      return new Map<string, Tensor>([
        ...['last_hidden_state', ...hidden].map((name): [string, Tensor] => [name, { dims: [batch, tokens, width], data }]),
        ['text_embeds', { dims: [batch, width], data: pooled }],
      ]);
    },
    release: () => Promise.resolve(),
  };
  return { session, feeds };
}

const part = (session: Session, more: Partial<TextNetworkParts> = {}, window: Partial<TokenWindow> = {}): TextNetworkParts => ({
  tokenizer: () => Promise.resolve({ ...tokenizer, window: { ...tokenizer.window, ...window } }),
  session: () => Promise.resolve(session),
  name: 'clip_l',
  layers: lastLayer,
  pooled: false,
  ...more,
});

describe('a prompt’s windows equal the reference’s', () => {
  const cells = (windows: readonly (readonly WeightedToken[])[]) =>
    windows.map((window) => window.map(({ id, weight, vector }) => [...(vector ? ['row', vector[0]] : [id]), Number(weight.toFixed(6))]));

  it.each(reference.windows)('$prompt', async ({ prompt, l, g }) => {
    const groups = await tokenGroups(prompt, { ids: tokenizer.ids, embedding: lookup, warn: () => undefined });
    expect(cells(packWindows(groups, tokenizer.window))).toEqual(l);
    expect(cells(packWindows(groups, { ...tokenizer.window, length: 77, pad: 0 }))).toEqual(g);
  });
});

describe('a prompt’s features equal the reference’s', () => {
  it.each(reference.features)('$prompt', async ({ prompt, dims, values }) => {
    const [encoded] = await textEncoder({ networks: [part(sums(0.37, 2).session)] }).encode(prompt);
    expect(encoded?.tokens.dims).toEqual(dims);
    expect(furthest(encoded?.tokens.data ?? [], values)).toBeLessThan(1e-5);
    expect(encoded?.pooled).toBeUndefined();
  });

  const large = { name: 'clip_g', pooled: true, layers: { ...lastLayer, normalised: true } } as const;
  const both = (): TextEncoderParts => ({ networks: [part(sums(0.37, 2).session), part(sums(0.21, 3).session, large, { pad: 0 })] });

  it.each(reference.pair)('“$l” and “$g” for two networks', async ({ l, g, dims, values, pooled }) => {
    const [encoded] = await textEncoder(both()).encode({ l, g });
    expect(encoded?.tokens.dims).toEqual(dims);
    expect(furthest(encoded?.tokens.data ?? [], values)).toBeLessThan(1e-5);
    expect(furthest(encoded?.pooled?.data ?? [], pooled)).toBeLessThan(1e-4);
  });

  it('one prompt goes to both networks; two want two', async () => {
    const [same] = await textEncoder(both()).encode('red apple');
    const [pair] = await textEncoder(both()).encode({ l: 'red apple', g: 'red apple' });
    expect(same).toEqual(pair);
    await expect(textEncoder({ networks: [part(sums(0.37, 2).session)] }).encode({ l: 'a', g: 'b' })).rejects.toThrow(/this model has one/);
  });
});

describe('embeddings', () => {
  it('stand in for words, row by row', async () => {
    const { session, feeds } = sums(0.37, 2, { rowWidth: 3 });
    const encoder = textEncoder({ networks: [part(session)], embeddings: lookup });
    await encoder.encode('a embedding:trained pie', () => expect.unreachable());
    const { [embeddingInputs.mask]: mask, [embeddingInputs.rows]: given } = feeds[0] ?? {};
    expect([...(mask?.data.slice(0, 6) ?? [])]).toEqual([0, 0, 1, 1, 1, 0]);
    expect([...(given?.data.slice(3, 15) ?? [])]).toEqual([0, 0, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
    expect((await encoder.tokens('a embedding:trained pie')).map(({ text, position }) => `${text}${position}`)).toEqual([
      'a1',
      'pi5',
      'e6',
    ]);
  });

  it('that are missing, of another width, or for another export are left out, with a sentence', async () => {
    const told = async (networks: TextEncoderParts['networks'], prompt: string): Promise<readonly string[]> => {
      const sentences: string[] = [];
      await textEncoder({ networks, embeddings: lookup }).encode(prompt, (sentence) => sentences.push(sentence));
      return sentences;
    };
    const fits = part(sums(0.37, 2, { rowWidth: 3 }).session);
    expect(await told([fits, fits], 'embedding:missing, pie')).toEqual([expect.stringContaining('no embedding “missing”')]);
    expect((await told([part(sums(0.37, 2, { rowWidth: 4 }).session)], 'embedding:single'))[0]).toMatch(/3 numbers a word.*works with 4/);
    expect((await told([part(sums(0.37, 2).session)], 'embedding:single'))[0]).toMatch(/exported for words alone/);
  });

  it('are found in their files by the name of the network', () => {
    expect(embeddingTensors(['clip_g', 'clip_l'], 'clip_l')).toEqual(['clip_l']);
    expect(embeddingTensors(['x', 'bundle_emb.a.string_to_param.*', 'bundle_emb.b.string_to_param.*'], 'clip_l')).toHaveLength(2);
    expect(embeddingTensors(['bundle_emb.a.clip_g', 'bundle_emb.a.clip_l'], 'clip_l')).toEqual(['bundle_emb.a.clip_l']);
    expect(embeddingTensors(['emb_params', 'other'], 'clip_l')).toEqual(['emb_params']);
    expect(embeddingTensors([], 'clip_l')).toEqual([]);
  });
});

describe('clip skip', () => {
  const { dims, hidden, last, wanted } = reference.skipped;
  const all = hidden.map((_, i) => `hidden_states.${i}`);
  const made = (names: readonly string[]): Session => ({
    inputs: [],
    outputs: ['last_hidden_state', ...names].map((name) => slot(name, [])),
    run: async () => {
      const tensors = hidden.map((values, i): [string, Tensor] => [`hidden_states.${i}`, { dims, data: Float32Array.from(values) }]);
      return new Map([['last_hidden_state', { dims, data: Float32Array.from(last) }], ...tensors.filter(([name]) => names.includes(name))]);
    },
    release: () => Promise.resolve(),
  });
  const states = async (choice: LayerChoice, layer: number | undefined, names = all) =>
    (await textStates(made(names), [], { choice, layer })).states.data;

  it('takes an earlier layer through the final layer norm, as torch does', async () => {
    for (const [i, layer] of [-1, -2, -3].entries()) {
      expect(furthest(await states(lastLayer, layer), wanted[i] ?? []), String(layer)).toBeLessThan(2e-5);
    }
    expect(furthest(await states(lastLayer, -9), last)).toBeLessThan(1e-6);
  });

  it('takes SDXL’s layers as they are', async () => {
    expect(furthest(await states(penultimateLayer, undefined), hidden[2] ?? [])).toBeLessThan(1e-7);
    expect(furthest(await states(penultimateLayer, -1), hidden[3] ?? [])).toBeLessThan(1e-7);
  });

  it('counts the layers that an export leaves out', async () => {
    const shortened: LayerChoice = { layer: -2, normalised: true, last: -2, dropped: 1 };
    expect(furthest(await states(shortened, undefined), last)).toBeLessThan(1e-6);
    expect(furthest(await states(shortened, -3), wanted[1] ?? [])).toBeLessThan(2e-5);
    await expect(states(shortened, -1)).rejects.toThrow(/does not give its layer -1/);
  });

  it('says at once when an export does not give its hidden states', async () => {
    const encoder = textEncoder({ networks: [part(sums(0.37, 2).session)] });
    await expect(encoder.stopAt(-2)).rejects.toThrow(/no hidden states.*output_hidden_states/);
    expect((await (await encoder.stopAt(-1)).encode('red'))[0]).toEqual((await encoder.encode('red'))[0]);
  });
});

describe('the parser', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc
      .array(fc.constantFrom('(', ')', '\\', ':', '1.2', ' ', 'embedding:', 'ab', '\n', ',', '🎨', '.'), { maxLength: 40 })
      .map((parts) => parts.join('')),
  );

  it('never throws, gives finite weights, and adds no text', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const pieces = readWeights(text);
        expect(pieces.every(({ weight }) => Number.isFinite(weight))).toBe(true);
        let at = 0;
        for (const char of pieces.map((piece) => piece.text).join('')) {
          at = text.indexOf(char, at) + char.length;
          expect(at).toBeGreaterThan(0);
        }
        for (const piece of promptPieces(text)) expect('text' in piece ? piece.text : piece.embedding).not.toBe('');
      }),
    );
  });

  it('gives text without notation back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[()\\]/.test(text));
        expect(
          readWeights(text)
            .map((piece) => piece.text)
            .join(''),
        ).toBe(text);
        expect(readWeights(text).every(({ weight }) => weight === 1)).toBe(true);
      }),
    );
  });

  it('reads back what was written with weights and escapes', () => {
    const piece = fc.record({
      text: fc.string({ unit: fc.constantFrom('a', 'b', ' ', '(', ')', 'é', ','), minLength: 1 }),
      weight: fc.integer({ min: -300, max: 300 }).map((hundredths) => hundredths / 100),
    });
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const written = pieces.map(({ text, weight }) => `(${text.replace(/[()]/g, '\\$&')}:${weight})`).join('');
        expect(readWeights(written)).toEqual(pieces);
      }),
    );
  });

  it('is not stopped by thousands of parentheses', () => {
    expect(readWeights('('.repeat(20_000)).map(({ text }) => text.length)).toEqual([20_000]);
    expect(readWeights('('.repeat(5000) + 'a'.repeat(10) + ')'.repeat(5000))[0]?.weight).toBeLessThan(20_000);
  });
});
