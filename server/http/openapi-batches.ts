import { z } from 'zod';
import { Problem } from './openapi-schemas.ts';

const BatchItem = z.object({
  row: z.int(),
  state: z.enum(['done', 'failed']),
  name: z.string(),
  files: z.array(z.string()).meta({ description: "Below the batch's folder." }),
  ms: z.number(),
  seeds: z.record(z.string(), z.string()),
  values: z.record(z.string(), z.string()),
  problem: Problem.optional(),
});

/** A batch in a list. */
export const BatchSummary = z
  .object({
    id: z.string(),
    workflow: z.string(),
    begun: z.number().meta({ description: 'Begun, ms since 1970.' }),
    template: z.string(),
    total: z.int(),
    axes: z.array(z.object({ field: z.string(), values: z.array(z.string()) })),
    state: z.enum(['running', 'done', 'failed', 'interrupted']),
    done: z.int(),
    failed: z.int(),
    left: z.number().optional().meta({ description: 'Estimated ms until the end.' }),
    grid: z.string().optional().meta({ description: 'Name of the grid in the output folder.' }),
  })
  .meta({ id: 'BatchSummary' });

/** A batch with its items. */
export const BatchReport = BatchSummary.extend({ items: z.array(BatchItem) }).meta({ id: 'BatchReport' });
