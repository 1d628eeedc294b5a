import type { Row, Statement, Urgency } from './database.ts';

/** Server → process of the embedded database. */
export type ToDatabase =
  | { readonly type: 'open'; readonly folder: string; readonly children: string }
  | { readonly type: 'run'; readonly id: number; readonly statements: readonly Statement[]; readonly urgency: Urgency }
  | { readonly type: 'close' };

/** The embedded database → server. `made`: the folder was empty and holds a database now, which a fresh process is to open. */
export type FromDatabase =
  | { readonly type: 'ready' }
  | { readonly type: 'made' }
  | { readonly type: 'unusable'; readonly message: string }
  | { readonly type: 'rows'; readonly id: number; readonly rows: readonly (readonly Row[])[] }
  | { readonly type: 'refused'; readonly id: number; readonly message: string; readonly code?: string };
