import { any, defineNode, text } from '../kit/index.ts';

/** One value for several inputs. */
export default defineNode({
  type: 'PrimitiveNode',
  title: 'Value',
  category: 'graph',
  virtual: true,
  help: 'One value wired to several inputs, so that you change it in one place.',
  keywords: ['integer', 'int', 'float', 'number', 'string', 'boolean', 'constant', 'variable', 'shared'],
  inputs: { value: text({ label: 'value', help: 'A number or a text, as the inputs it is wired to want it.' }) },
  outputs: { value: any({ label: 'value', help: 'The value.' }) },
  run: ({ value }) => ({ value }),
});
