import { type Catalogue, GraphError, type Problem } from '../nodes/kit/index.ts';
import { joinBytes, latin1 } from './bytes.ts';
import { stringifyJson } from './json.ts';
import { tooLarge } from './limits.ts';
import { readGraph } from './read.ts';
import type { GraphDocument } from './types.ts';

/** What a link may inflate to at most, in bytes. */
const sharedBytes = 8 * 1024 * 1024;

/** The graph as text for a link, to stand behind `#w=`: deflated and base64url. Nothing is uploaded. */
export async function encodeShare(graph: GraphDocument): Promise<string> {
  const { ds: _view, ...extra } = graph.extra;
  const bytes = new TextEncoder().encode(stringifyJson({ ...graph, extra }));
  const deflated = await pump(bytes, new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY);
  return btoa(latin1(deflated)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Reads what {@link encodeShare} wrote, with or without `#w=` before it. Throws `bad-document` or `too-large`. */
export async function decodeShare(text: string, catalogue: Catalogue): Promise<{ graph: GraphDocument; warnings: readonly Problem[] }> {
  const payload = text.trim().replace(/^#?w=/, '');
  if (payload.length > sharedBytes) throw tooLarge('characters in its link', payload.length, sharedBytes);
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    bytes = await pump(bytes, new DecompressionStream('deflate-raw'), sharedBytes);
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    throw new GraphError('bad-document', 'The link does not hold a workflow: it is damaged or cut off. Copy it again, whole.', {
      cause: thrown,
    });
  }
  return readGraph(new TextDecoder().decode(bytes), catalogue);
}

/** Sends bytes through a stream and gathers what comes out, giving up beyond the limit. */
async function pump(
  bytes: Uint8Array<ArrayBuffer>,
  through: CompressionStream | DecompressionStream,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = through.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const reader = through.readable.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > most) throw tooLarge('bytes in its link', size, most);
      parts.push(next.value);
    }
    await written;
  } finally {
    written.catch(() => undefined);
    await reader.cancel().catch(() => undefined);
  }
  return joinBytes(parts);
}
