import { expect, it } from 'vitest';
import { torchNormalWasm } from '../../../nodes/diffusion/torch-normal-wasm.ts';
import { compile } from '../../../scripts/wasm.mjs';

it('the compiled generator is what its source gives (npm run wasm)', async () => {
  expect(Buffer.from(await compile()).toString('base64')).toBe(torchNormalWasm);
});
