import type { z } from 'zod';

/** Sentences of a failed zod check, each with the path to what is wrong. */
export function checkSentences(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.length === 0 ? 'The message' : `“${path.join('.')}”`} is not right: ${message}.`);
}
