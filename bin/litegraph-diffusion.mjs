#!/usr/bin/env node
// In a checkout the sources are there, and are built first when they changed; a published package has only dist/.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const build = new URL('../scripts/build.mjs', import.meta.url);
if (existsSync(fileURLToPath(build))) (await import(build.href)).ensureBuilt();
const { main } = await import('../dist/server/main.js');
await main(process.argv.slice(2));
