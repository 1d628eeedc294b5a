/** The core build brings no node types of its own, some of which run code of the files they are loaded from. */
declare module 'litegraph.js/build/litegraph.core.js' {
  export const LiteGraph: unknown;
}
