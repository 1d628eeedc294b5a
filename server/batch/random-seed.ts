import { createHash } from 'node:crypto';

/**
 * Seeds of a row below 2^53, so that they read the same everywhere. They look random but are the same each time: after a crash the row's job may be in the queue already, and sending it again with
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
