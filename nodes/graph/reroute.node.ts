import { any, defineNode } from '../kit/index.ts';

/** A bend in a wire. */
export default defineNode({
  type: 'Reroute',
  title: 'Reroute',
  category: 'graph',
  virtual: true,
  help: 'A bend in a wire, to keep the drawing tidy. It passes on what comes in.',
  keywords: ['bend', 'knot', 'dot', 'tidy', 'wire'],
  inputs: { value: any({ label: ' ', help: 'Any wire.' }) },
  outputs: { value: any({ label: ' ', help: 'The same.' }) },
  run: ({ value }) => ({ value }),
});
