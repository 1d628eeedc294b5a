import express, { type Express } from 'express';
import { securityHeaders } from '../security/headers.ts';
import { batchRoutes } from './batches.ts';
import { catalogueRoutes } from './catalogue.ts';
import type { ServerContext } from './context.ts';
import { imageRoutes } from './images.ts';
import { jobRoutes } from './jobs.ts';
import { modelRoutes } from './models.ts';
import { checkSource } from './origins.ts';
import { pageRoutes, pluginRoutes } from './pages.ts';
import { answerProblems, notFound } from './problems.ts';
import { queueRoutes } from './queue.ts';
import { requireToken, sessionRoutes } from './session.ts';
import { workerRoutes } from './workers.ts';

/** The whole HTTP side. Order matters: host and origin first, then the token, then the routes. */
export function createApp(context: ServerContext): Express {
  const app = express();
  app.disable('x-powered-by').set('query parser', 'simple');
  app.use(securityHeaders());
  app.use('/plugin', pluginRoutes(context));
  app.use('/v1', checkSource(context), (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(context.crowd.admit());
  app.use('/v1', sessionRoutes(context), requireToken(context));
  app.use(
    '/v1',
    jobRoutes(context),
    batchRoutes(context),
    queueRoutes(context),
    imageRoutes(context),
    catalogueRoutes(context),
    modelRoutes(context),
    workerRoutes(context),
    notFound,
  );
  app.use(pageRoutes(context));
  app.use(notFound);
  app.use(answerProblems(context.log));
  return app;
}
