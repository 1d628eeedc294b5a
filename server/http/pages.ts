import { join } from 'node:path';
import express, { type RequestHandler, Router } from 'express';
import type { ServerContext } from './context.ts';
import { checkHost, checkSource } from './origins.ts';
import { refusal } from './problems.ts';

/** The editor page. Files under assets/ have a hash in their name and never change; everything else is asked for each time. */
function editor({ packageRoot }: ServerContext): RequestHandler {
  return express.static(join(packageRoot, 'dist', 'client', 'editor'), {
    redirect: false,
    cacheControl: false,
    setHeaders: (response, path) => {
      const hashed = /[\\/]assets[\\/]/.test(path);
      response.set('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}

/** The plugin builds: `/plugin/plugin.js` and `/plugin/plugin.iife.js`. */
export function pluginRoutes(context: ServerContext): Router {
  const folder = join(context.packageRoot, 'dist', 'client', 'plugin');
  const router = Router();
  const setHeaders = (response: express.Response): void => void response.set('Cache-Control', 'no-cache');
  router.use(checkHost(context), express.static(folder, { index: false, redirect: false, cacheControl: false, setHeaders }));
  return router;
}

/** Everything that the browser shows by itself. Holds no secrets, hence no token. */
export function pageRoutes(context: ServerContext): Router {
  const router = Router();
  router.use(checkSource(context), editor(context));
  router.get('/', () => {
    throw refusal(404, 'not-found', 'The page has not been built. Run “npm run build” and open it again.');
  });
  return router;
}
