import { GraphError } from '../../nodes/kit/index.ts';

/** The error that a call throws, which must be ours. */
export function failure(call: () => unknown): GraphError {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof GraphError) return thrown;
    throw thrown;
  }
  throw new Error('Expected an error.');
}
