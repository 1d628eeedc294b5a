import { type Conditioning, type Conditionings, combine, GraphError, type Tensor, zeros } from '../kit/index.ts';

/** The one prompt that a second input stands for. Throws `missing-input` if it is empty. */
function only(conditionings: Conditionings): Conditioning {
  const [first] = conditionings;
  if (first !== undefined) return first;
  throw new GraphError('missing-input', 'The second conditioning is empty: wire a text encoder to it.', {
    place: { port: 'conditioning_from' },
  });
}

function sameWidth(a: Tensor, b: Tensor): number {
  const [wide, other] = [a.dims[2] ?? 0, b.dims[2] ?? 0];
  if (wide === other) return wide;
  throw new GraphError(
    'size-mismatch',
    `The prompts have ${wide} and ${other} numbers a token: encode both with the text encoder of the same model.`,
  );
}

/** Tokens of `from`’s first prompt behind those of each of `to`. */
export function joinedAfter(to: Conditionings, from: Conditionings): Conditionings {
  const { tokens: added } = only(from);
  return to.map((one) => {
    const width = sameWidth(one.tokens, added);
    const data = new Float32Array(one.tokens.data.length + added.data.length);
    data.set(one.tokens.data);
    data.set(added.data, one.tokens.data.length);
    return { ...one, tokens: { dims: [1, data.length / width, width], data } };
  });
}

/** `strength` of each of `to` and the rest of `from`’s first prompt, which is cut or filled with zeros to the same length. */
export function averaged(to: Conditionings, from: Conditionings, strength: number): Conditionings {
  const other = only(from);
  return to.map((one) => {
    sameWidth(one.tokens, other.tokens);
    const fitted = new Float32Array(one.tokens.data.length);
    fitted.set(other.tokens.data.subarray(0, fitted.length));
    const tokens = combine(strength, one.tokens, 1 - strength, { dims: one.tokens.dims, data: fitted });
    const pooled = one.pooled && other.pooled ? combine(strength, one.pooled, 1 - strength, other.pooled) : (one.pooled ?? other.pooled);
    return { ...one, tokens, ...(pooled && { pooled }) };
  });
}

/** The same prompts with zeros for features. */
export const zeroed = (conditionings: Conditionings): Conditionings =>
  conditionings.map((one) => ({ ...one, tokens: zeros(one.tokens.dims), ...(one.pooled && { pooled: zeros(one.pooled.dims) }) }));
