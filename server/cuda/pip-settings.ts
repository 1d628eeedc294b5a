import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from './system-libraries.ts';

/** The index that pip uses when nobody says otherwise. */
const publicIndex = 'https://pypi.org/simple/';

/** `key = value` of the sections that pip reads when it downloads; lines that begin with a blank go on with the value above. */
function readSettings(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = '';
  let key = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const head = /^\[(.*)\]/.exec(line);
    const pair = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (head !== null) [section, key] = [head[1] ?? '', ''];
    else if (!['global', 'install', 'download'].includes(section)) continue;
    else if (/^\s/.test(line)) found.set(key, `${found.get(key) ?? ''} ${line.trim()}`);
    else if (pair !== null) {
      key = (pair[1] ?? '').replaceAll('_', '-').toLowerCase();
      found.set(key, pair[2] ?? '');
    }
  }
  return found;
}

/** pip's files, the ones that count more later. */
function settingsFiles({ root, env }: Machine): string[] {
  const home = env.HOME ?? '';
  const chosen = env.PIP_CONFIG_FILE;
  return [
    join(root, 'etc/xdg/pip/pip.conf'),
    join(root, 'etc/pip.conf'),
    join(home, '.pip/pip.conf'),
    join(env.XDG_CONFIG_HOME ?? join(home, '.config'), 'pip/pip.conf'),
    ...(env.VIRTUAL_ENV === undefined ? [] : [join(env.VIRTUAL_ENV, 'pip.conf')]),
    ...(chosen === undefined ? [] : [chosen]),
  ];
}

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

/** The package indexes of this user, the main one first: `--index-url`, else what pip is set to by its environment and files, else the public one. */
export async function packageIndexes(machine: Machine, given?: string): Promise<readonly string[]> {
  if (given !== undefined) return [given];
  const settings = new Map<string, string>();
  for (const file of settingsFiles(machine)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const [key, value] of readSettings(text)) settings.set(key, value);
  }
  const { env } = machine;
  const main = words(env.PIP_INDEX_URL ?? settings.get('index-url'))[0] ?? publicIndex;
  return [...new Set([main, ...words(env.PIP_EXTRA_INDEX_URL ?? settings.get('extra-index-url'))])];
}
