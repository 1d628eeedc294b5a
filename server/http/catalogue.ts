import { join } from 'node:path';
import { type RequestHandler, Router } from 'express';
import { listTemplates, readTemplate } from '../files/templates.ts';
import type { ServerContext } from './context.ts';
import { onlyMethods } from './problems.ts';

/** Node types, templates, health, and the description of all routes. */
export function catalogueRoutes(context: ServerContext): Router {
  const { catalogue, version, devices, jobs } = context;
  const templates = join(context.packageRoot, 'workflows');
  const router = Router();
  const get = (path: string, handle: RequestHandler): void => void router.route(path).get(handle).all(onlyMethods('GET'));
  get('/nodes', (_request, response) => {
    response.type('json').set('Cache-Control', 'no-cache').send(catalogue.json);
  });
  get('/templates', async (_request, response) => {
    response.json({ templates: await listTemplates(templates) });
  });
  get('/templates/*id', async (request, response) => {
    response.type('json').send(await readTemplate(templates, [request.params.id].flat().join('/')));
  });
  get('/health', (_request, response) => {
    const states = jobs.unfinished().map(({ state }) => state);
    const running = states.filter((state) => state === 'running').length;
    response.json({ status: 'ok', version, devices: devices(), jobs: { waiting: states.length - running, running } });
  });
  get('/openapi.json', async (_request, response) => {
    const { openApiDocument } = await import('./openapi.ts');
    response.json(openApiDocument(version));
  });
  return router;
}
