import { type GraphNode, readModel, writeModel } from './onnx-graph.ts';
import { type Field, textField } from './protobuf.ts';

const isDraw = ({ op }: GraphNode): boolean => op === 'RandomNormalLike';

/** x − x in place of noise in the shape of x. */
const nothing = ({ fields }: GraphNode): readonly Field[] => [
  ...fields.filter(({ number }) => number === 1 || number === 2),
  ...fields.filter(({ number }) => number === 1),
  textField(4, 'Sub'),
];

/**
 * A network that takes the mean of a distribution where it drew from it: exports of a VAE's encoder by diffusers' converter sample inside, so that no picture would
 * come out twice the same.
 */
export function withoutRandomness(bytes: Uint8Array): Uint8Array {
  const graph = readModel(bytes);
  return writeModel(
    graph,
    graph.nodes.map((node) => (isDraw(node) ? nothing(node) : node.fields)),
  );
}
