import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../server/catalogue.ts';
import { listModels } from '../../server/engine/models/list.ts';
import { ModelSizes } from '../../server/engine/models/model-sizes.ts';
import { writeTinyFolder } from '../engine/tiny-models.ts';
import { Program } from './program.ts';
import { ask, post, startRig } from './rig.ts';
import { samplingGraph } from './sampling-graph.ts';

let models = '';
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'sizes-'));
  await writeTinyFolder('sd15', models, { unet: 'even' });
});
afterAll(() => rm(models, { recursive: true, force: true }));

/** A picture by a model that takes multiples of 16. */
const graph = (width: number) => {
  const { model, latent, ...rest } = samplingGraph(1, 'sized');
  return {
    ...rest,
    model: { ...model, inputs: { ckpt_name: 'sd15' } },
    latent: { ...latent, inputs: { ...latent.inputs, width, height: 64 } },
  };
};
const problem = { code: 'size-mismatch', node: 'latent', port: 'width', message: expect.stringContaining('Choose 64 or 80, or') };

describe('a size that the model does not take', () => {
  it('is refused by the command line before anything runs, and a right one runs', async () => {
    const run = (width: number) =>
      new Program('run', '-', '--data', join(models, 'data'), '--models', models, '--device', 'cpu', '--json').ended(
        JSON.stringify(graph(width)),
      );
    const refused = await run(72);
    expect([refused.code, JSON.parse(refused.output)]).toMatchObject([2, { nodes: [], errors: [problem] }]);
    expect((await run(80)).code).toBe(0);
  });

  it('is refused by the server, which tells of each model what it takes', async () => {
    const { specs } = await loadCatalogue();
    const sizes = new ModelSizes();
    await using rig = await startRig({ specs, models, listModels: () => listModels(models, [], sizes) });
    const refused = await post(rig, '/v1/jobs', graph(72));
    expect([refused.status, refused.json()]).toMatchObject([400, { problems: [problem] }]);
    expect((await post(rig, '/v1/jobs', graph(64))).status).toBe(202);
    const listed = (await ask(rig, '/v1/models')).json();
    expect(listed).toMatchObject({ models: [{ name: 'tiny-emoji' }, { name: 'sd15', sizes: { multiple: 2 } }] });
    expect(JSON.stringify(listed)).not.toContain('"sizes":null');
  });
});
