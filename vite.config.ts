import { resolve } from 'node:path';
import { defineConfig, type UserConfig } from 'vite';

const client = resolve(import.meta.dirname ?? '.', 'client');

/** The editor page: dist/client/editor. */
const page: UserConfig = {
  root: resolve(client, 'editor'),
  base: './',
  build: {
    outDir: resolve(client, '../dist/client/editor'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One page, served from the machine itself; and litegraph.js reads typed numbers by `eval`, which the page's own policy forbids.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { eval: false } },
  },
};

/** The plugin for other people's pages: dist/client/plugin.js (ESM) and plugin.iife.js (script tag, global `LitegraphDiffusion`). */
const plugin: UserConfig = {
  build: {
    outDir: resolve(client, '../dist/client/plugin'),
    emptyOutDir: true,
    target: 'es2022',
    lib: {
      entry: resolve(client, 'plugin/index.ts'),
      name: 'LitegraphDiffusion',
      formats: ['es', 'iife'],
      fileName: (format) => (format === 'es' ? 'plugin.js' : 'plugin.iife.js'),
    },
  },
};

export default defineConfig(({ mode }) => (mode === 'plugin' ? plugin : page));
