/** Every way a workflow, a model or a run can go wrong. Closed: the page and the API switch on it. */
export const problemCodes = [
  'bad-document',
  'too-large',
  'unknown-node-type',
  'unknown-node',
  'unknown-port',
  'missing-input',
  'bad-link',
  'wrong-type',
  'bad-value',
  'out-of-range',
  'not-in-list',
  'cycle',
  'nothing-to-run',
  'missing-model',
  'bad-model',
  'missing-file',
  'bad-path',
  'bad-image',
  'noise-mismatch',
  'size-mismatch',
  'not-a-number',
  'out-of-memory',
  'device-unavailable',
  'engine-lost',
  'cancelled',
  'duplicate-id',
  'not-allowed',
  'not-found',
  'busy',
  'internal',
] as const;

/** One of {@link problemCodes}. */
export type ProblemCode = (typeof problemCodes)[number];

/** Where in a workflow something went wrong. Ids are strings in every format. */
export interface Place {
  readonly node?: string | undefined;
  readonly port?: string | undefined;
}

/** A problem as it is sent to people: a full sentence that says what came, what was expected and what to do. */
export interface Problem extends Place {
  readonly code: ProblemCode;
  readonly message: string;
}

/** The one error type of the project; anything else that is thrown is translated to code `internal` at the boundary. */
export class GraphError extends Error {
  readonly code: ProblemCode;
  readonly place: Place;

  constructor(code: ProblemCode, message: string, options: { place?: Place; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GraphError';
    this.code = code;
    this.place = options.place ?? {};
  }

  /** The same error at a place, kept if it already has one. */
  at(place: Place): GraphError {
    return new GraphError(this.code, this.message, { place: { ...place, ...this.place }, cause: this.cause });
  }
}

/** Turns anything thrown into a {@link Problem}; the place is used where the error itself has none. */
export function toProblem(thrown: unknown, place: Place = {}): Problem {
  if (thrown instanceof GraphError) return { code: thrown.code, message: thrown.message, ...place, ...thrown.place };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof RangeError && /array (buffer )?(length|allocation)/i.test(message)) {
    const sentence = 'There is not enough memory for a result of this size. Choose a smaller size or a smaller batch.';
    return { code: 'out-of-memory', message: sentence, ...place };
  }
  return { code: 'internal', message: `Unexpected failure: ${message}`, ...place };
}
