import { defineNode, text } from '../kit/index.ts';

/** Words on the drawing table. */
export default defineNode({
  type: 'Note',
  title: 'Note',
  category: 'graph',
  virtual: true,
  help: 'A note to whoever reads the graph. It does nothing.',
  keywords: ['comment', 'remark', 'text', 'markdown', 'label'],
  inputs: { text: text({ label: 'text', multiline: true, help: 'What you want to say.' }) },
  outputs: {},
  run: () => ({}),
});
