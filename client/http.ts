import type { ImageFile, NodeSpec, Problem } from '../nodes/kit/index.ts';
import { isRecord } from '../workflows/index.ts';
import { type Connection, ConnectionError, type ServerAddress } from './connection.ts';
import { readImageFile, readNodeSpecs, readProblems } from './server-answers.ts';

/** The HTTP side of a {@link Connection}. */
export type HttpCalls = Pick<Connection, 'nodes' | 'upload' | 'imageUrl' | 'picture' | 'get' | 'post' | 'drop' | 'text'>;

/** HTTP calls of one server; each failure is a {@link ConnectionError} with the server's problems. */
export function createHttp(address: ServerAddress, send: typeof fetch): HttpCalls & { refusal(): Promise<string | undefined> } {
  const origin = address.server.replace(/\/+$/, '');
  const call = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const authorization = address.token === undefined ? {} : { Authorization: `Bearer ${address.token}` };
    let response: Response;
    try {
      response = await send(`${origin}${path}`, { ...init, headers: { ...authorization, ...init.headers } });
    } catch {
      throw new ConnectionError(`The server ${origin} cannot be reached. Start it, or check its address.`);
    }
    if (!response.ok) throw await failure(response);
    return response;
  };
  const get = async <T>(path: string, parse: (raw: unknown) => T): Promise<T> => parse(await json(await call(path)));
  const imagePath = ({ folder, name }: Pick<ImageFile, 'folder' | 'name'>): string =>
    `/v1/images/${folder}/${name.split('/').map(encodeURIComponent).join('/')}`;
  return {
    get,
    post: async (path, parse, body) =>
      parse(await json(await call(path, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) }))),
    drop: async (path, parse) => parse(await json(await call(path, { method: 'DELETE' }))),
    text: async (path) => (await call(path)).text(),
    nodes: (): Promise<readonly NodeSpec[]> => get('/v1/nodes', readNodeSpecs),
    imageUrl: (file) => `${origin}${imagePath(file)}`,
    async picture(file, width) {
      const response = await call(`${imagePath(file)}${width === undefined ? '' : `?width=${Math.round(width)}`}`);
      return response.blob();
    },
    async upload(file, name) {
      const form = new FormData();
      form.append('image', file, name);
      return readImageFile(await json(await call('/v1/images', { method: 'POST', body: form })));
    },
    async refusal() {
      try {
        await call('/v1/jobs?limit=1');
        return undefined;
      } catch (thrown) {
        const refused = thrown instanceof ConnectionError && thrown.problems.some(({ code }) => code === 'not-allowed');
        return refused ? thrown.message : undefined;
      }
    },
  };
}

async function json(response: Response): Promise<unknown> {
  try {
    const body: unknown = await response.json();
    return body;
  } catch {
    throw new ConnectionError('The server answered with something that is not JSON. Is there another program at this address?');
  }
}

async function failure(response: Response): Promise<ConnectionError> {
  const body: unknown = await response.json().catch(() => undefined);
  const problems: readonly Problem[] = isRecord(body) ? readProblems(body.problems) : [];
  const said = problems.map(({ message }) => message).join(' ');
  return new ConnectionError(said === '' ? `The server answered ${response.status} ${response.statusText}.` : said, problems);
}
