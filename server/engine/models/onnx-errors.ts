import { GraphError } from '../../../nodes/kit/index.ts';

/** ONNX Runtime's errors have no codes: they are told apart by what they say. */
const kinds = [
  {
    pattern: /failed to allocate memory|out of memory|bad_alloc|_ALLOC_FAILED|CUDA failure 2:/i,
    code: 'out-of-memory',
    say: () =>
      'There is not enough memory for this, although other networks were unloaded and smaller pieces were tried. Use a smaller size or a smaller model, or close what else runs.',
  },
  {
    pattern: /does not have a graph|protobuf parsing failed|model data pointer is null|invalid_protobuf/i,
    code: 'bad-model',
    say: (file: string) => `The network ${file} is damaged or cut short. Download or export it again.`,
  },
  {
    pattern: /external (initializer|data)|external_data/i,
    code: 'bad-model',
    say: (file: string, reason: string) => `The weights beside ${file} are missing, cut short or not where the file says: ${reason}`,
  },
  {
    pattern: /no such file|doesn't exist|does not exist|load model from .* failed/i,
    code: 'bad-model',
    say: (file: string, reason: string) => `The network ${file} cannot be opened: ${reason}`,
  },
  {
    pattern: /invalid dimensions|invalid rank|non-matching dimensions|concat|broadcast|axis|shape/i,
    code: 'size-mismatch',
    say: (_: string, reason: string) =>
      `The network does not take inputs of this size: ${reason} Try sizes that are multiples of 64, and prompts for this model's own text encoder.`,
  },
  {
    pattern: /cuda|cudnn|cublas/i,
    code: 'device-unavailable',
    say: (_: string, reason: string) => `The GPU failed: ${reason} Try again, or start with --device cpu.`,
  },
] as const;

/** Translates what ONNX Runtime throws; `file` names the network where one is being opened. */
export function runtimeError(thrown: unknown, { file = 'of this model' }: { file?: string }): GraphError {
  if (thrown instanceof GraphError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const reason = `${message.split('\n')[0]?.slice(0, 300).replace(/\.?$/, '.')}`;
  const kind = kinds.find(({ pattern }) => pattern.test(message));
  if (kind === undefined) return new GraphError('internal', `ONNX Runtime failed: ${reason}`, { cause: thrown });
  return new GraphError(kind.code, kind.say(file, reason), { cause: thrown });
}
