import { describe, expect, it } from 'vitest';
import type { PromptPair, TextEncoder } from '../../nodes/kit/index.ts';
import setLastLayer from '../../nodes/text/clip-set-last-layer.node.ts';
import textEncode from '../../nodes/text/clip-text-encode.node.ts';
import textEncodeSdxl from '../../nodes/text/clip-text-encode-sdxl.node.ts';
import textEncodeRefiner from '../../nodes/text/clip-text-encode-sdxl-refiner.node.ts';
import average from '../../nodes/text/conditioning-average.node.ts';
import combine from '../../nodes/text/conditioning-combine.node.ts';
import concat from '../../nodes/text/conditioning-concat.node.ts';
import setArea from '../../nodes/text/conditioning-set-area.node.ts';
import setAreaShare from '../../nodes/text/conditioning-set-area-percentage.node.ts';
import setStrength from '../../nodes/text/conditioning-set-area-strength.node.ts';
import setMask from '../../nodes/text/conditioning-set-mask.node.ts';
import setRange from '../../nodes/text/conditioning-set-timestep-range.node.ts';
import zeroOut from '../../nodes/text/conditioning-zero-out.node.ts';
import { loadCatalogue } from '../../server/catalogue.ts';
import { noImages, noModels } from './no-files.ts';
import { ramp, runNode } from './node-runs.ts';

const asked: (string | PromptPair)[] = [];
const clip: TextEncoder = {
  async encode(prompt, warn) {
    asked.push(prompt);
    if (prompt === 'odd') warn?.('It is odd.');
    return [{ tokens: ramp([1, 3, 2]), pooled: ramp([1, 2]) }];
  },
  tokens: () => Promise.resolve([]),
  atLayer: (fromLast) => Promise.resolve({ ...clip, tokens: () => Promise.resolve([{ text: String(fromLast), position: 0 }]) }),
};

describe('text encoders', () => {
  it('show what of a prompt could not be used, and nothing otherwise', async () => {
    expect((await runNode(textEncode, { text: 'plain', clip })).shown).toEqual([]);
    expect((await runNode(textEncode, { text: 'odd', clip })).shown).toEqual([{ kind: 'text', text: 'It is odd.' }]);
  });

  it('and all other nodes that read prompts run again when an embedding that is named in one changes', async () => {
    const { definitions } = await loadCatalogue();
    const reading = [...definitions.values()].filter(
      ({ inputs, outputs }) =>
        Object.values(inputs).some(({ type }) => type === 'CLIP') && !Object.values(outputs).some(({ type }) => type === 'CLIP'),
    );
    expect(reading.map(({ type }) => type)).toEqual(expect.arrayContaining(['CLIPTextEncode', 'SamplerGrid', 'AttentionMaps']));
    for (const { type, inputs, identity } of reading) {
      const prompts = Object.entries(inputs).flatMap(([name, port]) => (port.widget?.kind === 'text' && name !== 'values' ? [name] : []));
      for (const name of prompts) {
        const models = { ...noModels, embeddings: async (given: readonly unknown[]) => given.join() };
        expect(await identity?.({ [name]: 'embedding:mine' }, { models, images: noImages }), `${type}.${name}`).toContain('embedding:mine');
      }
    }
  });

  it('of SDXL carry two prompts and the sizes', async () => {
    const sizes = { width: 512, height: 256, crop_w: 3, crop_h: 4, target_width: 1024, target_height: 768 };
    const { outputs } = await runNode(textEncodeSdxl, { clip, ...sizes, text_g: 'large', text_l: 'small' });
    expect(asked.at(-1)).toEqual({ l: 'small', g: 'large' });
    expect(outputs.CONDITIONING[0]?.size).toEqual({
      width: 512,
      height: 256,
      cropLeft: 3,
      cropTop: 4,
      targetWidth: 1024,
      targetHeight: 768,
    });
  });

  it('of the refiner carry the score', async () => {
    const { outputs } = await runNode(textEncodeRefiner, { clip, ascore: 2.5, width: 64, height: 32, text: 'a' });
    expect(outputs.CONDITIONING[0]).toMatchObject({ aesthetic: 2.5, size: { width: 64, height: 32, cropLeft: 0 } });
  });

  it('stop at a layer counted from the end', async () => {
    const { outputs } = await runNode(setLastLayer, { clip, stop_at_clip_layer: -2 });
    expect(await outputs.CLIP.tokens('')).toEqual([{ text: '2', position: 0 }]);
  });
});

describe('conditionings', () => {
  const prompt = [{ tokens: ramp([1, 3, 2]), pooled: ramp([1, 2]) }];
  const other = [{ tokens: ramp([1, 2, 2], 4), pooled: ramp([1, 2], 4) }];

  it('are joined side by side, behind each other, or averaged', async () => {
    const both = await runNode(combine, { conditioning_1: prompt, conditioning_2: other });
    expect(both.outputs.CONDITIONING).toEqual([...prompt, ...other]);
    const longer = await runNode(concat, { conditioning_to: prompt, conditioning_from: other });
    expect(longer.outputs.CONDITIONING[0]?.tokens.dims).toEqual([1, 5, 2]);
    expect(longer.outputs.CONDITIONING[0]?.tokens.data[6]).toBe(other[0]?.tokens.data[0]);
    const mixed = await runNode(average, { conditioning_to: prompt, conditioning_from: other, conditioning_to_strength: 0.25 });
    const [a, b] = [prompt[0]?.tokens.data ?? [], other[0]?.tokens.data ?? []];
    expect(mixed.outputs.CONDITIONING[0]?.tokens.data[1]).toBeCloseTo(0.25 * (a[1] ?? 0) + 0.75 * (b[1] ?? 0), 6);
    // The second prompt is shorter: beyond its end it counts as zeros.
    expect(mixed.outputs.CONDITIONING[0]?.tokens.data[5]).toBeCloseTo(0.25 * (a[5] ?? 0), 6);
    expect(mixed.outputs.CONDITIONING[0]?.pooled?.data[0]).toBeCloseTo(
      0.25 * (prompt[0]?.pooled.data[0] ?? 0) + 0.75 * (other[0]?.pooled.data[0] ?? 0),
      6,
    );
  });

  it('know where, when and how strongly they act', async () => {
    const area = { width: 72, height: 64, x: 20, y: 8, strength: 2 };
    const placed = await runNode(setArea, { conditioning: prompt, ...area });
    expect(placed.outputs.CONDITIONING[0]).toMatchObject({ strength: 2, area: { unit: 'cells', x: 2, y: 1, width: 9, height: 8 } });
    const share = { width: 0.5, height: 1, x: 0.25, y: 0 };
    const shared = await runNode(setAreaShare, { conditioning: prompt, ...share, strength: 1 });
    expect(shared.outputs.CONDITIONING[0]?.area).toEqual({ unit: 'share', ...share });
    const strong = await runNode(setStrength, { conditioning: placed.outputs.CONDITIONING, strength: 3 });
    expect(strong.outputs.CONDITIONING[0]).toMatchObject({ strength: 3, area: { unit: 'cells' } });
    const mask = ramp([1, 2, 2]);
    const masked = await runNode(setMask, { conditioning: prompt, mask, strength: 0.5, set_cond_area: 'mask bounds' });
    expect(masked.outputs.CONDITIONING[0]?.mask).toEqual({ mask, strength: 0.5, boundsOnly: true });
    const timed = await runNode(setRange, { conditioning: prompt, start: 0.2, end: 0.7 });
    expect(timed.outputs.CONDITIONING[0]).toMatchObject({ start: 0.2, end: 0.7 });
  });

  it('can be zeros', async () => {
    const [zero] = (await runNode(zeroOut, { conditioning: prompt })).outputs.CONDITIONING;
    expect([zero?.tokens, zero?.pooled]).toEqual([
      { dims: [1, 3, 2], data: new Float32Array(6) },
      { dims: [1, 2], data: new Float32Array(2) },
    ]);
  });
});
