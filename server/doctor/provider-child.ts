// Opens one device and profiles one run of the embedded U-Net: in a process of its own, so that a crash of a driver is a finding too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedModels } from '../engine/models/list.ts';
import { openRuntime } from '../engine/models/onnx.ts';
import { reasonOf } from './check.ts';
import { readOperators } from './operators.ts';
import type { ProviderAnswer, ProviderQuestion } from './provider.ts';

/** A guided step of the embedded model at its own size. */
const sides = { batch: 2, height: 16, width: 16, sequence: 24 };

async function answer({ device, precision }: ProviderQuestion): Promise<ProviderAnswer> {
  const folder = await mkdtemp(join(tmpdir(), 'litegraph-diffusion-'));
  try {
    const runtime = await openRuntime(device, { precision });
    const file = join(embeddedModels(), 'tiny-emoji/unet/model.onnx');
    const profile = await runtime.profile(file, { prefix: join(folder, 'profile'), sides });
    const { provider, title } = runtime.device;
    return { type: 'worked', provider, ...readOperators(profile, provider), ...(title === undefined ? {} : { title }) };
  } catch (thrown) {
    return { type: 'failed', reason: reasonOf(thrown) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.once('message', (question: ProviderQuestion) => {
  void answer(question).then((found) => process.send?.(found, () => process.exit(0)));
});
process.on('disconnect', () => process.exit(0));
