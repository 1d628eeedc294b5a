import { describe, expect, it } from 'vitest';
import { samplerNamed } from '../../nodes/diffusion/ksampler-steps.ts';
import { samplerNames } from '../../nodes/diffusion/samplers/index.ts';
import { type DiffusionModel, type Latent, type NodeDefinition, parseValue } from '../../nodes/kit/index.ts';
import auraFlow from '../../nodes/model/model-sampling-aura-flow.node.ts';
import continuousEdm from '../../nodes/model/model-sampling-continuous-edm.node.ts';
import continuousV from '../../nodes/model/model-sampling-continuous-v.node.ts';
import discrete from '../../nodes/model/model-sampling-discrete.node.ts';
import flux from '../../nodes/model/model-sampling-flux.node.ts';
import sd3 from '../../nodes/model/model-sampling-sd3.node.ts';
import rescaleCfg from '../../nodes/model/rescale-cfg.node.ts';
import basicGuider from '../../nodes/sample/basic-guider.node.ts';
import cfgGuider from '../../nodes/sample/cfg-guider.node.ts';
import disableNoise from '../../nodes/sample/disable-noise.node.ts';
import dualCfgGuider from '../../nodes/sample/dual-cfg-guider.node.ts';
import ksampler from '../../nodes/sample/ksampler.node.ts';
import ksamplerAdvanced from '../../nodes/sample/ksampler-advanced.node.ts';
import perpNegGuider from '../../nodes/sample/perp-neg-guider.node.ts';
import randomNoise from '../../nodes/sample/random-noise.node.ts';
import samplerCustom from '../../nodes/sample/sampler-custom.node.ts';
import samplerCustomAdvanced from '../../nodes/sample/sampler-custom-advanced.node.ts';
import { tinyModel } from './diffusion/tiny-network.ts';
import { runNode } from './node-runs.ts';
import { latentOf, type NodeInputs, type PromptSpec, promptsOf, type SamplingCase, samplingCases } from './sampling-reference.ts';

const definitions: Readonly<Record<string, NodeDefinition>> = {
  ...{ KSampler: ksampler, KSamplerAdvanced: ksamplerAdvanced, SamplerCustom: samplerCustom },
  ...{ SamplerCustomAdvanced: samplerCustomAdvanced, RandomNoise: randomNoise, DisableNoise: disableNoise },
  ...{ BasicGuider: basicGuider, CFGGuider: cfgGuider, DualCFGGuider: dualCfgGuider, PerpNegGuider: perpNegGuider },
  ...{ ModelSamplingDiscrete: discrete, ModelSamplingContinuousEDM: continuousEdm, ModelSamplingContinuousV: continuousV },
  ...{ ModelSamplingSD3: sd3, ModelSamplingAuraFlow: auraFlow, ModelSamplingFlux: flux, RescaleCFG: rescaleCfg },
};

const isPrompts = (value: unknown): value is readonly PromptSpec[] =>
  Array.isArray(value) && value.every((one: unknown) => typeof one === 'object' && one !== null && 'value' in one);
const isLevels = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every((one) => typeof one === 'number');
const isGuider = (value: unknown): value is readonly [string, NodeInputs] => Array.isArray(value) && typeof value[0] === 'string';

/** Runs a node with widget values as they stand in a document. */
async function outputsOf(type: string, given: NodeInputs): Promise<readonly unknown[]> {
  const definition = definitions[type];
  if (definition === undefined) throw new Error(`There is no node ${type} in this test.`);
  const inputs: Record<string, unknown> = {};
  for (const [name, port] of Object.entries(definition.inputs)) {
    const value = given[name] ?? port.default;
    inputs[name] = port.widget === undefined ? value : parseValue(port, value);
  }
  const { outputs } = await runNode(definition, inputs);
  return Object.values(outputs);
}

async function guiderOf([type, sides]: readonly [string, NodeInputs], model: DiffusionModel): Promise<unknown> {
  const inputs = Object.fromEntries(Object.entries(sides).map(([name, value]) => [name, isPrompts(value) ? promptsOf(value) : value]));
  return (await outputsOf(type, { ...inputs, model }))[0];
}

async function wired(given: NodeInputs, model: DiffusionModel): Promise<NodeInputs> {
  const inputs: Record<string, unknown> = { model };
  for (const [name, value] of Object.entries(given)) {
    if (name === 'sampler') inputs[name] = samplerNamed(samplerNames.find((known) => known === value) ?? 'euler');
    else if (name === 'guider' && isGuider(value)) inputs[name] = await guiderOf(value, model);
    else if (isPrompts(value)) inputs[name] = promptsOf(value);
    else inputs[name] = isLevels(value) ? Float32Array.from(value) : value;
  }
  if ('guider' in given) {
    const seed = given.noise_seed;
    inputs.noise = (await (seed === null ? outputsOf('DisableNoise', {}) : outputsOf('RandomNoise', { noise_seed: seed })))[0];
  }
  return inputs;
}

const isLatent = (value: unknown): value is Latent => typeof value === 'object' && value !== null && 'samples' in value;
const isModel = (value: unknown): value is DiffusionModel => typeof value === 'object' && value !== null && 'predict' in value;

/** The latents that each node of a case gives. */
async function latentsOf({ latent, nodes, patches = [], ...made }: SamplingCase): Promise<readonly (readonly Latent[])[]> {
  let model: DiffusionModel = tinyModel(made);
  for (const [type, inputs] of patches) {
    const [patched] = await outputsOf(type, { ...inputs, model });
    if (isModel(patched)) model = patched;
  }
  let current = latentOf(latent);
  const results: Latent[][] = [];
  for (const [type, inputs] of nodes) {
    const found = (await outputsOf(type, { ...(await wired(inputs, model)), latent_image: current })).filter(isLatent);
    results.push(found);
    current = found[0] ?? current;
  }
  return results;
}

const spread = (values: readonly number[]): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
};

/** Of the spread; both round to single precision at each step, and from σ = 4518 on that is more. The promise is 1e-3. */
const toleranceOf = ({ title }: SamplingCase): number => (title.endsWith('v_prediction zsnr') ? 5e-4 : 1e-4);

const { stride, cases } = samplingCases();

describe('sampling nodes and the reference', () => {
  it.each(cases)('$title', async (one) => {
    const latents = await latentsOf(one);
    expect(latents.map((outputs) => outputs.length)).toEqual(one.results.map((outputs) => outputs.length));
    for (const [node, outputs] of latents.entries()) {
      for (const [index, { samples }] of outputs.entries()) {
        const wanted = (one.results[node]?.[index] ?? []).map((value) => value ?? Number.NaN);
        const ours = wanted.map((_, i) => samples.data[i * stride] ?? Number.NaN);
        expect(wanted.length).toBe(Math.ceil(samples.data.length / stride));
        const most = Math.max(...wanted.map((value, i) => Math.abs(value - (ours[i] ?? Number.NaN))));
        expect(most).toBeLessThan(toleranceOf(one) * spread(wanted));
      }
    }
  });
});
