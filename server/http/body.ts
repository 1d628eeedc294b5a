import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { GraphError } from '../../nodes/kit/index.ts';
import { parseJson } from '../../workflows/index.ts';
import { checkSentences } from './checks.ts';
import { HttpError, refusal } from './problems.ts';

const tooLarge = (limit: number): GraphError =>
  new GraphError('too-large', `The request is larger than ${limit} bytes. Send less at once.`);

/** The body as text, whatever its content type says. Throws `too-large` as soon as it is clear; the rest is read and dropped. */
export async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw refusal(415, 'bad-document', `A body in ${encoding} is not taken. Send it uncompressed.`);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw drop(request, limit);
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) reject(drop(request, limit));
      else chunks.push(chunk);
    });
    request.on('end', resolve).on('error', reject);
    request.on('close', () => reject(refusal(400, 'bad-document', 'The request ended before its body did.')));
  });
  return decode(Buffer.concat(chunks));
}

function drop(request: IncomingMessage, limit: number): GraphError {
  request.removeAllListeners('data').resume();
  return tooLarge(limit);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new GraphError('bad-document', 'The body is not text in UTF-8. Save it as UTF-8 and send it again.');
  }
}

/** A JSON body, integers exact. Throws `bad-document` or `too-large`. */
export async function readJson(request: IncomingMessage, limit: number): Promise<unknown> {
  const text = await readText(request, limit);
  if (text.trim() === '') throw new GraphError('bad-document', 'The request has no body; a JSON document was expected.');
  return parseJson(text);
}

/** Checks a parsed body or query; throws 400 with every problem. */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new HttpError(
    400,
    checkSentences(result.error).map((message) => ({ code: 'bad-value', message })),
  );
}
