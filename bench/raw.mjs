// The bare session: the same model file, the same feeds, nothing else. Answers each message with ms of `steps` runs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const [folder] = process.argv.slice(2);
ort.env.logLevel = 'error';
const session = await ort.InferenceSession.create(join(folder, 'unet/model.onnx'), { executionProviders: ['cpu'] });
const config = JSON.parse(readFileSync(join(folder, 'unet/config.json'), 'utf8'));
const tokens = JSON.parse(readFileSync(join(folder, 'tokenizer/tokenizer_config.json'), 'utf8')).model_max_length;

const ramp = (dims) =>
  new ort.Tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
    dims,
  );

async function time({ steps, batch, size }) {
  const sample = ramp([batch, config.in_channels, size, size]);
  const hidden = ramp([batch, tokens, config.cross_attention_dim]);
  const started = performance.now();
  for (let i = 0; i < steps; i++) {
    await session.run({ sample, timestep: new ort.Tensor('float32', [999 - i], [1]), encoder_hidden_states: hidden });
  }
  return performance.now() - started;
}

process.on('message', async (message) => process.send(await time(message)));
