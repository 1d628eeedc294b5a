import { randomBytes } from 'node:crypto';

/** A random seed below 2^53, so that it reads the same everywhere. */
export const randomSeed = (): bigint => BigInt.asUintN(53, randomBytes(8).readBigUInt64LE());
