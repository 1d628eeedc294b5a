import { createHash, randomBytes } from 'node:crypto';

/** A random seed below 2^53, so that it reads the same everywhere. */
export const randomSeed = (): bigint => BigInt.asUintN(53, randomBytes(8).readBigUInt64LE());

/**
 * Seeds of a row that look random but are the same each time: after a crash the row's job may be in the queue already, and sending it again with
 * another seed would be another job.
 */
export function seedsOfRow(batch: string, row: number): () => bigint {
  let count = 0;
  return () => {
    const hash = createHash('sha256')
      .update(JSON.stringify([batch, row, count++]))
      .digest();
    return BigInt.asUintN(53, hash.readBigUInt64LE());
  };
}
