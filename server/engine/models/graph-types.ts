import { elementType, type GraphNode, type ModelGraph } from './onnx-graph.ts';

/** Operators whose result has a type of its own, whatever they read. */
const ownType: Readonly<Record<string, number>> = Object.fromEntries([
  ...['Shape', 'Size', 'NonZero', 'ArgMax', 'ArgMin'].map((op) => [op, elementType.int64]),
  ...['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'Not', 'And', 'Or', 'Xor', 'IsNaN', 'IsInf'].map((op) => [
    op,
    elementType.bool,
  ]),
]);

/** Operators whose result has the type of another input than the first. */
const typedBy: Readonly<Record<string, number>> = { Where: 1, CastLike: 1, OneHot: 2 };

/** Element type of each output of a node, from the types of what it reads. */
function outputTypes(node: GraphNode, typeOf: (name: string) => number): readonly number[] {
  const { op, inputs, outputs, attributes } = node;
  const attribute = (name: string) => attributes.find((one) => one.name === name);
  const first = ((): number => {
    if (op === 'Cast') return attribute('to')?.int ?? 0;
    if (op === 'ConstantOfShape') return attribute('value')?.tensor ?? elementType.float;
    if (op === 'Constant') {
      const tensor = attribute('value')?.tensor;
      if (tensor !== undefined) return tensor;
      return attributes.some(({ name }) => name === 'value_float' || name === 'value_floats') ? elementType.float : elementType.int64;
    }
    return ownType[op] ?? typeOf(inputs[typedBy[op] ?? 0] ?? '');
  })();
  return outputs.map((_, i) => (i === 1 && op === 'TopK' ? elementType.int64 : i === 1 && op === 'Dropout' ? elementType.bool : first));
}

/** Element types of all values of a graph whose nodes are sorted. */
export function inferTypes({ nodes, inputs, initializers }: ModelGraph): ReadonlyMap<string, number> {
  const types = new Map([...inputs, ...initializers].map(({ name, type }) => [name, type]));
  for (const node of nodes) {
    const found = outputTypes(node, (name) => types.get(name) ?? 0);
    node.outputs.forEach((name, i) => {
      types.set(name, found[i] ?? 0);
    });
  }
  return types;
}
