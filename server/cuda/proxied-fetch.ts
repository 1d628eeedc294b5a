import { EnvHttpProxyAgent, fetch, type RequestInit, type Response } from 'undici';

/** `fetch` as the downloads of this folder use it. */
export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** A variable in small letters before one in capitals, as curl has it; empty where there is none, lest the process's own be taken. */
const setting = (env: NodeJS.ProcessEnv, name: string): string => env[name.toLowerCase()] || env[name] || '';

/** `fetch` through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name; Node's own knows none before version 24. */
export function proxiedFetch(env: NodeJS.ProcessEnv): Fetch {
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: setting(env, 'HTTP_PROXY'),
    httpsProxy: setting(env, 'HTTPS_PROXY'),
    noProxy: setting(env, 'NO_PROXY'),
  });
  return (url, init) => fetch(url, { ...init, dispatcher });
}
