import { Router } from 'express';
import { parseJson } from '../../workflows/index.ts';
import type { ModelPart } from '../engine/models/named-files.ts';
import { checked, readText } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods } from './problems.ts';
import { Unload } from './schemas.ts';

/** Everything under `/v1/models`: what there is, what is loaded, and giving memory back. */
export function modelRoutes({ catalogue, families, engines, limits }: ServerContext): Router {
  const router = Router();
  const describe = async ({ kind, name, bytes }: ModelPart): Promise<Record<string, unknown>> => {
    const own = catalogue.ownParts.find((part) => part.kind === kind && part.name === name);
    const family = own === undefined ? undefined : await families.of(own);
    return { kind, name, bytes, ...(family === undefined ? {} : { family }) };
  };
  const loaded = () => ({ loaded: engines.flatMap((engine) => engine.loaded) });
  router
    .route('/models')
    .get(async (_request, response) => {
      const parts: Record<string, unknown>[] = [];
      // One after the other: headers of large files are long.
      for (const part of catalogue.parts) parts.push(await describe(part));
      response.json({ models: catalogue.models, parts });
    })
    .all(onlyMethods('GET'));
  router
    .route('/models/loaded')
    .get((_request, response) => {
      response.json(loaded());
    })
    .all(onlyMethods('GET'));
  router
    .route('/models/unload')
    .post(async (request, response) => {
      const body = await readText(request, limits.queueBody);
      const choice = checked(Unload, body.trim() === '' ? {} : parseJson(body));
      await Promise.all(engines.map((engine) => engine.unload(choice)));
      response.json(loaded());
    })
    .all(onlyMethods('POST'));
  return router;
}
