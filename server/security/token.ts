import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** What a request brings along to get in. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `Cookie` header. */
  readonly cookie: string | undefined;
  /** The `Sec-WebSocket-Protocol` header. */
  readonly protocols: string | undefined;
  /** Address of the other side. */
  readonly address: string;
}

/** `limited`: too many wrong tokens came from that address within a minute. */
export type Admission = 'in' | 'missing' | 'wrong' | 'limited';

/** The WebSocket subprotocol that is spoken, and the prefix of the one that carries a token as base64url. */
export const socketProtocol = 'ld.v1';
const tokenProtocol = 'ld.token.';

const minute = 60_000;
const maxAddresses = 10_000;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Checks tokens in constant time and remembers who guesses. Without a token everybody is let in. */
export class Gate {
  readonly #digest: Buffer | undefined;
  readonly #session: string;
  readonly #cookie: string;
  readonly #maxFailures: number;
  readonly #now: () => number;
  readonly #failures = new Map<string, { count: number; since: number }>();

  constructor(options: { token?: string | undefined; port: number; maxFailures: number; now?: () => number }) {
    const { token, port, maxFailures, now = Date.now } = options;
    this.#digest = token === undefined ? undefined : sha256(token);
    // Follows from the token, so that a page stays in when the server is started again, and does not give it away.
    this.#session = createHmac('sha256', token ?? '')
      .update('litegraph-diffusion session')
      .digest('hex');
    // Cookies know no ports: two servers on one machine need two names.
    this.#cookie = `ld-session-${port}`;
    this.#maxFailures = maxFailures;
    this.#now = now;
  }

  /** Judges a request. A session cookie is never held up by others' failures: it cannot be guessed. */
  admit(credentials: Credentials): Admission {
    if (this.#digest === undefined || this.#hasSession(credentials.cookie)) return 'in';
    const token = bearer(credentials.authorization) ?? fromProtocols(credentials.protocols);
    return token === undefined ? 'missing' : this.check(token, credentials.address);
  }

  /** Judges a bare token. */
  check(token: string, address: string): Exclude<Admission, 'missing'> {
    if (this.#digest === undefined) return 'in';
    const failures = this.#recent(address);
    if (failures >= this.#maxFailures) return 'limited';
    if (timingSafeEqual(sha256(token), this.#digest)) return 'in';
    this.#note(address);
    return 'wrong';
  }

  /** The `Set-Cookie` value of a page that has shown the token. */
  sessionCookie(): string {
    return `${this.#cookie}=${this.#session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000`;
  }

  #hasSession(header: string | undefined): boolean {
    const values = (header ?? '').split(';').map((pair) => pair.trim());
    const value = values.find((pair) => pair.startsWith(`${this.#cookie}=`))?.slice(this.#cookie.length + 1);
    return value !== undefined && timingSafeEqual(sha256(value), sha256(this.#session));
  }

  #recent(address: string): number {
    const entry = this.#failures.get(address);
    return entry !== undefined && this.#now() - entry.since < minute ? entry.count : 0;
  }

  #note(address: string): void {
    const count = this.#recent(address) + 1;
    const since = count === 1 ? this.#now() : (this.#failures.get(address)?.since ?? this.#now());
    if (this.#failures.size >= maxAddresses) this.#failures.clear();
    this.#failures.set(address, { count, since });
  }
}

const bearer = (header: string | undefined): string | undefined => /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];

function fromProtocols(header: string | undefined): string | undefined {
  const carrier = (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .find((name) => name.startsWith(tokenProtocol));
  return carrier === undefined ? undefined : Buffer.from(carrier.slice(tokenProtocol.length), 'base64url').toString('utf8');
}
