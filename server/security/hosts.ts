import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** The parts of a request that say where it came from and whom it thinks it talks to. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  /** `Sec-Fetch-Site`, `-Mode` and `-Dest`, which pages cannot forge. */
  readonly site: string | undefined;
  readonly mode: string | undefined;
  readonly destination: string | undefined;
}

/** Whom a server answers. */
export interface HostRules {
  /** Host names that the server goes by, lower case, without port. */
  readonly hosts: ReadonlySet<string>;
  /** Bound to all addresses: any numeric address will do, since no DNS is involved in it. */
  readonly addresses: boolean;
  /** Origins of host pages elsewhere. */
  readonly origins: ReadonlySet<string>;
}

const loopback = ['localhost', '127.0.0.1', '::1'];

/** Does this address reach only programs on the same machine? */
export const isLoopback = (host: string): boolean => loopback.includes(host.toLowerCase()) || /^127(\.\d{1,3}){3}$/.test(host);

const isWildcard = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '';

/** The host part of `host:port` or `[::1]:port` in lower case without a trailing dot; undefined if it is malformed. */
export function hostOf(header: string | undefined): string | undefined {
  const found = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,255}))(?::\d{1,5})?$/i.exec(header ?? '');
  return (found?.[1] ?? found?.[2])?.toLowerCase().replace(/\.$/, '');
}

/** Rules of a server bound to `host` that host pages of `origins` may use. */
export function hostRules(host: string, origins: readonly string[]): HostRules {
  const own = isLoopback(host) ? [host.toLowerCase()] : [host.toLowerCase(), hostname().toLowerCase(), `${hostname().toLowerCase()}.local`];
  // Behind a proxy the page comes from a public origin, and the proxy passes its name on as Host.
  const named = origins.map((origin) => new URL(origin).hostname.replace(/^\[|\]$/g, ''));
  return { hosts: new Set([...loopback, ...own, ...named]), addresses: isWildcard(host), origins: new Set(origins) };
}

/** Is the request meant for this server? A page of a foreign name that resolves here (DNS rebinding) sends that name. */
export function isOurHost(header: string | undefined, rules: HostRules): boolean {
  const host = hostOf(header);
  if (host === undefined) return false;
  return rules.hosts.has(host) || (rules.addresses && isIP(host) !== 0);
}

function originOf(url: string | undefined): string | undefined {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : undefined;
}

/** `own`: the server's page or a program; `allowed`: a host page from the list; `foreign`: anything else. */
export type Verdict = 'own' | 'allowed' | 'foreign';

/** Judges who asks. Requests without Origin are taken from programs, from our page, from listed pages (GET), and as a visit to the page. */
export function judgeOrigin(request: RequestOrigin, rules: HostRules): Verdict {
  const { origin, site } = request;
  if (origin !== undefined) return judgeName(origin, request, rules);
  if (site === undefined || site === 'same-origin' || site === 'none') return 'own';
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (!reads) return 'foreign';
  if (request.mode === 'navigate' && request.destination === 'document') return 'own';
  const from = originOf(request.referer);
  return from === undefined ? 'foreign' : judgeName(from, request, rules);
}

function judgeName(origin: string, request: RequestOrigin, rules: HostRules): Verdict {
  if (rules.origins.has(origin)) return 'allowed';
  const host = request.host?.toLowerCase();
  return origin === `http://${host}` || origin === `https://${host}` ? 'own' : 'foreign';
}
