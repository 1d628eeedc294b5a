import { z } from 'zod';
import { fileKinds } from '../../workflows/protocol.ts';
import { SizeRule } from './openapi-schemas.ts';

/** A model. */
export const Model = z
  .object({ name: z.string(), family: z.string(), bytes: z.number(), embedded: z.boolean(), sizes: SizeRule.optional() })
  .meta({ id: 'Model' });

/** A file that is a part of models. */
export const ModelPart = z
  .object({
    kind: z.enum(fileKinds).exclude(['checkpoints']),
    name: z.string(),
    bytes: z.number(),
    family: z.string().optional().meta({ description: 'What it was made for, where its header tells.' }),
  })
  .meta({ id: 'ModelPart' });

/** A network in memory. */
export const LoadedNetwork = z
  .object({
    device: z.string(),
    kind: z.enum(fileKinds),
    model: z.string(),
    part: z.string().meta({ description: '“unet”, “text_encoder”, “vae_decoder” and so on.' }),
    loras: z.array(z.string()).meta({ description: 'LoRAs that its weights are merged with.' }),
    bytes: z.number().meta({ description: 'Of its weights.' }),
    precision: z.enum(['fp16', 'fp32', 'int8']).optional(),
  })
  .meta({ id: 'LoadedNetwork' });

/** The answer of `GET /v1/models`. */
export const Models = z.object({ models: z.array(Model), parts: z.array(ModelPart) });

/** The answer of `GET /v1/models/loaded` and `POST /v1/models/unload`. */
export const Loaded = z.object({ loaded: z.array(LoadedNetwork) });
