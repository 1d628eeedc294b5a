import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

const files: Readonly<Record<string, readonly [string, string]>> = {
  '/litegraph.js': ['node_modules/litegraph.js/build/litegraph.js', 'text/javascript'],
  '/litegraph.core.js': ['node_modules/litegraph.js/build/litegraph.core.js', 'text/javascript'],
  '/litegraph.css': ['node_modules/litegraph.js/css/litegraph.css', 'text/css'],
  '/host.js': ['test/e2e/host-page/host.js', 'text/javascript'],
};

/** A site of somebody else: one page with stock litegraph and the plugin by script tags, and nothing else. */
export interface HostSite extends AsyncDisposable {
  readonly origin: string;
  /** The address of the page for a server; `build` is a file of litegraph's. */
  page(server: string, build?: 'litegraph.js' | 'litegraph.core.js'): string;
}

const html = (server: string, build: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>A host page</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/litegraph.css">
    <style>html, body { margin: 0; background: #222; overflow: hidden }</style>
  </head>
  <body>
    <canvas id="canvas" width="1400" height="860"></canvas>
    <script src="/${build}"></script>
    <script src="${server}/plugin/plugin.iife.js"></script>
    <script src="/host.js" data-server="${server}"></script>
  </body>
</html>`;

/** Serves the site on a free port. */
export async function serveHostSite(): Promise<HostSite> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://host');
    const [path, type] = files[url.pathname] ?? [];
    if (url.pathname === '/') {
      response.setHeader('Content-Type', 'text/html');
      response.end(html(url.searchParams.get('server') ?? '', url.searchParams.get('build') ?? 'litegraph.js'));
    } else if (path === undefined) response.writeHead(404).end();
    else {
      response.setHeader('Content-Type', type ?? '');
      response.end(await readFile(join(root, path)));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  return {
    origin,
    page: (to, build = 'litegraph.js') => `${origin}/?server=${encodeURIComponent(to)}&build=${build}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
