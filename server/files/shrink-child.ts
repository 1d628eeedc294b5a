// Runs as a child process; see shrink.ts.
import { z } from 'zod';
import { shrink } from '../engine/images/codec.ts';

const Job = z.object({ from: z.string(), to: z.string(), width: z.int().positive() });

process.on('message', async (raw) => {
  try {
    await shrink(Job.parse(raw));
    process.send?.({});
  } catch (thrown) {
    process.send?.({ error: thrown instanceof Error ? thrown.message : String(thrown) });
  }
});
process.on('disconnect', () => process.exit());
