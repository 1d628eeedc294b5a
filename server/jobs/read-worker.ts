// Runs as a thread; see reader.ts.
import { parentPort } from 'node:worker_threads';
import { readRun } from './read.ts';
import type { ReadTask } from './reader.ts';

parentPort?.on('message', ({ source, specs }: ReadTask) => parentPort?.postMessage(readRun(source, specs)));
