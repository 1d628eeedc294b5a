/** All that a node file, ours or a third party's, imports. */
export * from './content.ts';
export * from './errors.ts';
export * from './node.ts';
export * from './noise-levels.ts';
export * from './parse.ts';
export * from './ports.ts';
export * from './sampling.ts';
export * from './tensor.ts';
export * from './values.ts';
