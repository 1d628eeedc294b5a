import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { ProcessPlace } from '../jobs/store.ts';
import { birthOf } from './lock.ts';

/** This process, and a name of the kernel and the container that it runs in, by which others can tell whether it lives. */
export function thisProcess(): ProcessPlace {
  return { machine: machineName(), pid: process.pid, born: birthOf(process.pid) };
}

function machineName(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}
