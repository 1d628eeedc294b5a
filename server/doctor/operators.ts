import { z } from 'zod';

/** How often an operator ran on a provider. */
export interface OperatorCount {
  readonly operator: string;
  readonly provider: string;
  readonly count: number;
}

/** Operators of one profiled run. */
export interface Operators {
  /** Sorted by provider, then by number. */
  readonly counts: readonly OperatorCount[];
  /** Operators that the CPU ran in another provider's session although they move more than shapes. */
  readonly fallback: readonly string[];
}

const Event = z.object({
  cat: z.string(),
  args: z.object({ provider: z.string().optional(), op_name: z.string().optional(), output_size: z.string().optional() }).optional(),
});

const cpu = 'CPUExecutionProvider';

/** Results up to this many bytes are shapes and indices, which every provider leaves to the CPU by design. */
const largestShape = 4096;

/** Reads ONNX Runtime's profile. `provider` is the one that was asked for. */
export function readOperators(profile: string, provider: string): Operators {
  const nodes = z
    .array(z.unknown())
    .parse(JSON.parse(profile))
    .flatMap((entry) => {
      const { data } = Event.safeParse(entry);
      const { provider: ran, op_name: operator, output_size: size } = data?.args ?? {};
      return data?.cat === 'Node' && ran !== undefined && operator !== undefined ? [{ ran, operator, bytes: Number(size ?? 0) }] : [];
    });
  const counts = new Map<string, OperatorCount>();
  for (const { ran, operator } of nodes) {
    const key = `${ran} ${operator}`;
    counts.set(key, { operator, provider: ran, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const fallen = provider === cpu ? [] : nodes.filter(({ ran, bytes }) => ran === cpu && bytes > largestShape);
  return {
    counts: [...counts.values()].sort(
      (a, b) => a.provider.localeCompare(b.provider) || b.count - a.count || a.operator.localeCompare(b.operator),
    ),
    fallback: [...new Set(fallen.map(({ operator }) => operator))].sort(),
  };
}
