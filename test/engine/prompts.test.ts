import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { embeddingTensors, promptPieces, tokenGroups } from '../../nodes/diffusion/prompt-embeddings.ts';
import { packWindows, readWeights, type TokenWindow, type WeightedToken } from '../../nodes/diffusion/prompt-weights.ts';
import type { Tensor } from '../../nodes/kit/index.ts';
import type { Session, SlotInfo } from '../../server/engine/models/inference-backend.ts';
import { type TextEncoderParts, type TextNetwork, textEncoder } from '../../server/engine/models/text-encoder.ts';
import { type ExportedLayers, featuresOf, type WantedLayer } from '../../server/engine/models/text-features.ts';
import { embeddingInputs } from '../../server/engine/models/text-feeds.ts';
import { openTokenizer, type PromptTokenizer } from '../../server/engine/models/tokenizer.ts';
import reference from '../reference/prompts.json' with { type: 'json' };

let tokenizer: PromptTokenizer;
beforeAll(async () => {
  tokenizer = await openTokenizer(join(import.meta.dirname, '../../models/tiny-emoji/tokenizer'));
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

const part = (session: Session, window: Partial<TokenWindow> = {}): TextNetwork => ({
  tokenizer: () => Promise.resolve({ ...tokenizer, window: { ...tokenizer.window, ...window } }),
  session: () => Promise.resolve(session),
});
const first = { layer: { fromLast: 1, normalised: true }, pooled: false } as const;
const embeddings = { names: ['clip_l', 'clip_g'], lookup } as const;
/** One network as in Stable Diffusion 1. */
const one = (session: Session): TextEncoderParts => ({ ...first, networks: [part(session)], embeddings });

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
    const [encoded] = await textEncoder(one(sums(0.37, 2).session)).encode(prompt);
    expect(encoded?.tokens.dims).toEqual(dims);
    expect(furthest(encoded?.tokens.data ?? [], values)).toBeLessThan(1e-5);
    expect(encoded?.pooled).toBeUndefined();
  });

  const both = (): TextEncoderParts => ({
    ...first,
    networks: [part(sums(0.37, 2).session), part(sums(0.21, 3).session, { pad: 0 })],
    pooled: true,
  });

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
    await expect(textEncoder(one(sums(0.37, 2).session)).encode({ l: 'a', g: 'b' })).rejects.toThrow(/this model has one/);
  });
});

describe('embeddings', () => {
  it('stand in for words, row by row', async () => {
    const { session, feeds } = sums(0.37, 2, { rowWidth: 3 });
    const encoder = textEncoder(one(session));
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
    const told = async (session: Session, prompt: string, count = 1): Promise<readonly string[]> => {
      const sentences: string[] = [];
      const networks = Array.from({ length: count }, () => part(session));
      await textEncoder({ ...first, networks, embeddings }).encode(prompt, (sentence) => sentences.push(sentence));
      return sentences;
    };
    const fits = sums(0.37, 2, { rowWidth: 3 }).session;
    expect(await told(fits, 'embedding:missing, pie', 2)).toEqual([expect.stringContaining('no embedding “missing”')]);
    expect((await told(sums(0.37, 2, { rowWidth: 4 }).session, 'embedding:single'))[0]).toMatch(/3 numbers a word.*works with 4/);
    expect((await told(sums(0.37, 2).session, 'embedding:single'))[0]).toMatch(/exported for words alone/);
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
  const whole = new Map<string, Tensor>([
    ['last_hidden_state', { dims, data: Float32Array.from(last) }],
    ...hidden.map((values, i): [string, Tensor] => [`hidden_states.${i}`, { dims, data: Float32Array.from(values) }]),
  ]);
  const sd1: ExportedLayers = { missingLayers: 0, normalisedLayer: 1 };
  const states = (layer: WantedLayer, exported = sd1): Float32Array => featuresOf(whole, layer, exported).data;

  it('takes an earlier layer through the final layer norm, as torch does', () => {
    for (const fromLast of [1, 2, 3]) {
      expect(furthest(states({ fromLast, normalised: true }), wanted[fromLast - 1] ?? []), String(fromLast)).toBeLessThan(2e-5);
    }
    expect(furthest(states({ fromLast: 9, normalised: true }), last)).toBeLessThan(1e-6);
  });

  it('takes SDXL’s layers as they are', () => {
    expect(furthest(states({ fromLast: 2, normalised: false }), hidden[2] ?? [])).toBeLessThan(1e-6);
    expect(furthest(states({ fromLast: 1, normalised: false }), hidden[3] ?? [])).toBeLessThan(1e-6);
  });

  it('counts the layers that an export leaves out, or that its result leaves out', () => {
    const shortened: ExportedLayers = { missingLayers: 1, normalisedLayer: 2 };
    expect(furthest(states({ fromLast: 2, normalised: true }, shortened), last)).toBeLessThan(1e-6);
    expect(furthest(states({ fromLast: 3, normalised: true }, shortened), wanted[1] ?? [])).toBeLessThan(2e-5);
    expect(() => states({ fromLast: 1, normalised: true }, shortened)).toThrow(/does not give layer 1/);
    // The last layer is there, but the result is that of the one before.
    const penultimate = new Map(whole).set('last_hidden_state', { dims, data: Float32Array.from(wanted[1] ?? []) });
    const result = featuresOf(penultimate, { fromLast: 1, normalised: true }, { missingLayers: 0, normalisedLayer: 2 });
    expect(furthest(result.data, last)).toBeLessThan(2e-5);
    expect(() => featuresOf(penultimate, { fromLast: 3, normalised: true }, sd1)).toThrow(/no other layer can be used/);
  });

  it('says at once when an export does not give its hidden states', async () => {
    const encoder = textEncoder(one(sums(0.37, 2).session));
    await expect(encoder.atLayer(2)).rejects.toThrow(/does not give layer 2/);
    expect((await (await encoder.atLayer(1)).encode('red'))[0]).toEqual((await encoder.encode('red'))[0]);
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
