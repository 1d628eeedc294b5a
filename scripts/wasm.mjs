// Compiles wasm/torch-normal.ts into nodes/diffusion/torch-normal-wasm.ts.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const source = new URL('../wasm/torch-normal.ts', import.meta.url);
const target = new URL('../nodes/diffusion/torch-normal-wasm.ts', import.meta.url);

/** The module's bytes. Throws what the compiler says. */
export async function compile() {
  const text = await readFile(source, 'utf8');
  let bytes = new Uint8Array();
  const options = [
    'torch-normal.ts',
    '--outFile',
    'out.wasm',
    '--enable',
    'simd',
    '-O3',
    '--runtime',
    'stub',
    '--noAssert',
    '--initialMemory',
    '1',
  ];
  const { error, stderr } = await asc.main(options, {
    readFile: (name) => (name === 'torch-normal.ts' ? text : null),
    writeFile(name, contents) {
      if (name === 'out.wasm') bytes = contents;
    },
    listFiles: () => [],
  });
  if (error) throw new Error(stderr.toString(), { cause: error });
  return bytes;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const code = Buffer.from(await compile()).toString('base64');
  const lines = code.match(/.{1,120}/g).map((line) => `  '${line}',`);
  const head = '// Made from wasm/torch-normal.ts by `npm run wasm`.\n\n/** A WebAssembly module, in base64. */\n';
  await writeFile(target, `${head}export const torchNormalWasm = [\n${lines.join('\n')}\n].join('');\n`);
}
