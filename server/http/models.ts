import { Router } from 'express';
import { parseJson } from '../../workflows/index.ts';
import type { ListedPart } from '../engine/models/part-files.ts';
import { checked, readText } from './body.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods } from './problems.ts';
import { Unload } from './schemas.ts';

/** Everything under `/v1/models`: what there is, what is loaded, and giving memory back. */
export function modelRoutes({ catalogue, families, engines, limits }: ServerContext): Router {
  const router = Router();
  const describe = async ({ kind, name, bytes, path }: ListedPart): Promise<Record<string, unknown>> => {
    const family = await families.of({ kind, path });
    return { kind, name, bytes, ...(family === undefined ? {} : { family }) };
  };
  const loaded = () => ({ loaded: engines.flatMap((engine) => engine.loaded) });
  router
    .route('/models')
    .get(async (_request, response) => {
      const parts: Record<string, unknown>[] = [];
      // One after the other: headers of large files are long.
      for (const part of catalogue.ownParts) parts.push(await describe(part));
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
