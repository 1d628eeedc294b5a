import { type NoiseStream, sizeOf, type Tensor } from '../kit/index.ts';
import { newMachine, type TorchMachine } from './torch-machine.ts';

/** Draws below this many numbers go another way in torch. */
const shortest = 16;

/** A generator equal to torch's on the CPU: Mersenne Twister MT19937 (Matsumoto & Nishimura 1998) and Box–Muller, four numbers at a time. */
export class TorchGenerator {
  readonly machine: TorchMachine = newMachine();
  /** The second of a pair of a short draw. */
  #kept: number | undefined;

  /** Begins the stream of a seed of 32 bits. */
  seed(low: number): void {
    this.machine.seed(low);
    this.#kept = undefined;
  }

  /** Standard normal numbers as `torch.randn` gives them; draws go on in one stream. */
  normal(dims: readonly number[]): Tensor {
    return { dims, data: this.values(sizeOf(dims)).slice() };
  }

  /** So many of them in the machine's memory, valid until the next draw. */
  values(count: number): Float32Array {
    if (count >= shortest) this.machine.fill(count);
    const found = new Float32Array(this.machine.memory.buffer, this.machine.numbers.value, count);
    if (count < shortest) for (let i = 0; i < count; i++) found[i] = this.#single();
    return found;
  }

  /** Below 16 values the second of each pair is kept for the next draw. */
  #single(): number {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept !== undefined) return kept;
    const angle = 2 * Math.PI * this.#uniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#uniform()));
    this.#kept = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** A double in [0, 1) of 53 bits out of two draws, the first one the high word. */
  #uniform(): number {
    const high = this.machine.next() & 0x1fffff;
    return (high * 2 ** 32 + (this.machine.next() >>> 0)) / 2 ** 53;
  }
}

/** Standard normal numbers equal to `torch.randn` on the CPU after `torch.manual_seed(seed)`. Only the low 32 bits of the seed count. */
export function torchNormal(seed: bigint): NoiseStream {
  const generator = new TorchGenerator();
  generator.seed(Number(BigInt.asUintN(32, seed)));
  return (dims) => generator.normal(dims);
}
