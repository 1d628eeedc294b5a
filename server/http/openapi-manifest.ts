import { z } from 'zod';

const hashes = z.record(z.string(), z.string());

/** What the results of a run depend on. */
export const Manifest = z
  .object({
    format: z.literal(1),
    program: z.string(),
    at: z.string().meta({ description: 'When the run began, ISO 8601.' }),
    workflow: z.string().meta({ description: "SHA-256 of the workflow's meaning." }),
    targets: z.array(z.string()).optional(),
    nodes: z.record(
      z.string(),
      z.object({
        type: z.string(),
        version: z.number(),
        values: z.record(z.string(), z.unknown()),
        ms: z.number().optional(),
        cached: z.literal(true).optional(),
      }),
    ),
    models: z.record(z.string(), hashes).meta({ description: 'SHA-256 of each file of each model.' }),
    runtime: z.object({ onnxruntime: z.string(), provider: z.string(), device: z.string(), precision: z.string().optional() }),
    picture: z.int().optional(),
  })
  .meta({ id: 'Manifest', description: 'Values, versions, models and provider that a result depends on.' });
