import { ensureBuilt } from '../scripts/build.mjs';

/** Tests of the real server and the real page run what is built. */
export default function setup(): void {
  ensureBuilt();
}
