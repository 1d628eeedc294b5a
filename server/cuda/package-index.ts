import type { Response } from 'undici';
import { z } from 'zod';
import { GraphError } from '../../nodes/kit/index.ts';
import type { PinnedPackage } from './packages.ts';
import type { Fetch } from './proxied-fetch.ts';

/** Where a file is, with the headers that its server wants. */
export interface Location {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const patience = 30_000;
const Project = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) });

/** A URL without the name and password in it, which go into a header. */
export function withoutSecret(text: string): Location {
  const url = new URL(text);
  if (url.username === '' && url.password === '') return { url, headers: {} };
  const secret = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, headers: { authorization: `Basic ${Buffer.from(secret).toString('base64')}` } };
}

const decode = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&#43;', '+');

/** The links of a project's page: PEP 691 where the index speaks it, PEP 503 otherwise. */
async function linksOf(response: Response): Promise<ReadonlyMap<string, string>> {
  if (response.headers.get('content-type')?.includes('json')) {
    const { files } = Project.parse(await response.json());
    return new Map(files.map(({ filename, url }) => [filename, url]));
  }
  const page = await response.text();
  const links = [...page.matchAll(/<a\s[^>]*?href\s*=\s*"([^"]*)"[^>]*>\s*([^<]*?)\s*<\/a>/gi)];
  return new Map(links.map(([, href = '', name = '']) => [name, decode(href)]));
}

/** A file of a project on one index, or why it is not there. */
async function lookUp(index: string, { project, file }: PinnedPackage, fetch: Fetch): Promise<Location | string> {
  const { url, headers } = withoutSecret(`${index.replace(/\/*$/, '')}/${project}/`);
  try {
    const response = await fetch(url, {
      headers: { ...headers, accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.5' },
      signal: AbortSignal.timeout(patience),
    });
    if (!response.ok) return `${url.host} answered ${response.status}`;
    const link = (await linksOf(response)).get(file);
    if (link === undefined) return `${url.host} has ${project}, but not this file`;
    const target = new URL(link, response.url);
    target.hash = '';
    return { url: target, headers: target.origin === url.origin ? headers : {} };
  } catch (thrown) {
    return `${url.host} cannot be reached (${reasonOf(thrown)})`;
  }
}

/** What a failed request says, the cause beneath it where there is one. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error && thrown.cause.message !== '' ? thrown.cause.message : thrown.message;
}

/** Finds a pinned wheel on the first index that has it. Throws `not-found`. */
export async function locate(wanted: PinnedPackage, indexes: readonly string[], fetch: Fetch): Promise<Location> {
  const reasons: string[] = [];
  for (const index of indexes) {
    const found = await lookUp(index, wanted, fetch);
    if (typeof found !== 'string') return found;
    reasons.push(found);
  }
  throw new GraphError(
    'not-found',
    `The package index does not give ${wanted.file}: ${reasons.join('; ')}. Name another one with --index-url, or fetch the file elsewhere and give its folder with --wheels.`,
  );
}
