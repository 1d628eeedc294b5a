import type { ImageFile, NodeSpec, Problem } from '../nodes/kit/index.ts';
import type { ClientMessage, PreviewHeader, ServerMessage } from '../workflows/protocol.ts';

/** Where a server is and how to get in. */
export interface ServerAddress {
  /** Origin such as `http://127.0.0.1:8190`. */
  readonly server: string;
  readonly token?: string;
}

/** `lost` heals by itself. */
export type ConnectionState = 'connecting' | 'open' | 'lost' | 'refused';

/** What can be heard of a connection. */
export interface ConnectionEvents {
  state: { readonly state: ConnectionState; readonly message?: string };
  message: ServerMessage;
  preview: { readonly header: PreviewHeader; readonly jpeg: Uint8Array };
}

/** One socket that reconnects by itself and asks again for the jobs it watched, and the HTTP calls beside it. */
export interface Connection {
  readonly state: ConnectionState;
  on<K extends keyof ConnectionEvents>(name: K, listener: (event: ConnectionEvents[K]) => void): () => void;
  /** Kept and sent after a reconnect if the socket is down. */
  send(message: ClientMessage): void;
  nodes(): Promise<readonly NodeSpec[]>;
  upload(file: Blob, name: string): Promise<ImageFile>;
  imageUrl(file: Pick<ImageFile, 'folder' | 'name'>): string;
  /** The bytes of a picture, also where a plain `<img>` would not get in; `width` asks for a smaller copy. */
  picture(file: Pick<ImageFile, 'folder' | 'name'>, width?: number): Promise<Blob>;
  get<T>(path: string, parse: (raw: unknown) => T): Promise<T>;
  /** `body` goes as JSON. */
  post<T>(path: string, parse: (raw: unknown) => T, body?: unknown): Promise<T>;
  /** The method DELETE. */
  drop<T>(path: string, parse: (raw: unknown) => T): Promise<T>;
  /** An answer as it stands, so that no integer in it is rounded. */
  text(path: string): Promise<string>;
  close(): void;
}

/** An HTTP or socket answer that was not what was asked for. */
export class ConnectionError extends Error {
  readonly problems: readonly Problem[];
  constructor(message: string, problems: readonly Problem[] = []) {
    super(message);
    this.name = 'ConnectionError';
    this.problems = problems;
  }
}
