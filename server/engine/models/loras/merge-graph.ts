import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import type { LoraLayer } from './lora-file.ts';

/** A weight with all that is added to it, each with its strength. */
export interface MergedWeight {
  readonly name: string;
  readonly weight: Weight;
  readonly added: readonly { readonly layer: LoraLayer; readonly strength: number }[];
}

const product = (shape: readonly number[]): number => shape.reduce((whole, side) => whole * side, 1);

/** The same numbers as a matrix: a kernel counts with the columns. */
const asMatrix = (weight: Weight): Weight => ({ ...weight, shape: [weight.shape[0] ?? 0, product(weight.shape.slice(1))] });

function matrix(g: GraphBuilder, name: string, { shape: [rows = 0, columns = 0] }: Weight): Value {
  return g.weight(name, [rows, columns]);
}

/** up·down, or for LoCon's up·mid·down summed over both ranks for each place of the kernel. */
function change(g: GraphBuilder, prefix: string, { up, down, mid }: LoraLayer): Value {
  const [left, right] = [matrix(g, `${prefix}.up`, asMatrix(up)), matrix(g, `${prefix}.down`, asMatrix(down))];
  if (mid === undefined) return g.op('MatMul', [left, right]);
  const [outer = 0, inner = 0] = mid.shape;
  const middle = g.op('Transpose', [g.weight(`${prefix}.mid`, [outer, inner, product(mid.shape.slice(2))])], { perm: { ints: [2, 0, 1] } });
  const places = g.op('Transpose', [g.op('MatMul', [middle, right])], { perm: { ints: [1, 2, 0] } });
  return g.op('MatMul', [left, g.op('Reshape', [places, g.integers([outer, -1])])]);
}

/** A graph without inputs whose outputs, by number, are W + Σ strength·scale·up·down as matrices in float32. */
export function mergeGraph(merged: readonly MergedWeight[]): GraphBuilder {
  const weights = new Map<string, Weight>();
  merged.forEach(({ weight, added }, i) => {
    weights.set(`${i}`, asMatrix(weight));
    added.forEach(({ layer: { up, down, mid } }, j) => {
      weights.set(`${i}.${j}.up`, asMatrix(up));
      weights.set(`${i}.${j}.down`, asMatrix(down));
      if (mid !== undefined) weights.set(`${i}.${j}.mid`, { ...mid, shape: [...mid.shape.slice(0, 2), product(mid.shape.slice(2))] });
    });
  });
  return graphOf(merged, weights);
}

function graphOf(merged: readonly MergedWeight[], weights: Weights): GraphBuilder {
  const g = new GraphBuilder(weights);
  merged.forEach(({ weight, added }, i) => {
    const own = asMatrix(weight);
    const sum = added.reduce(
      (value, { layer, strength }, j) => {
        const delta = change(g, `${i}.${j}`, layer);
        const turned = weight.transposed === true ? g.op('Transpose', [delta], { perm: { ints: [1, 0] } }) : delta;
        const factor = g.floats(`${i}.${j}.factor`, [1], [strength * layer.scale]);
        return g.op('Add', [value, g.op('Mul', [turned, factor])]);
      },
      matrix(g, `${i}`, own),
    );
    g.output(`merged_${i}`, own.shape, sum);
  });
  return g;
}
