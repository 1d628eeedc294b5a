// Runs as a child process; see shrink.ts.
import { z } from 'zod';
import { writeGrid } from '../batch/grid.ts';
import { shrink } from '../engine/images/codec.ts';

const Shrink = z.object({ from: z.string(), to: z.string(), width: z.int().positive() });
const Grid = z.object({
  folder: z.string(),
  axes: z.array(z.object({ field: z.string(), values: z.array(z.string()) })),
  cells: z.array(z.object({ row: z.int(), file: z.string().optional() })),
});

process.on('message', async (raw) => {
  try {
    const job = z.union([Shrink, Grid]).parse(raw);
    await ('axes' in job ? writeGrid(job) : shrink(job));
    process.send?.({});
  } catch (thrown) {
    process.send?.({ error: thrown instanceof Error ? thrown.message : String(thrown) });
  }
});
process.on('disconnect', () => process.exit());
