import { GraphError } from '../../nodes/kit/index.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import type { JobRecord } from './store.ts';

/** A job of the store as it stood at its end, or as little as is known of it before. */
export function recordedSnapshot(record: JobRecord | undefined): JobSnapshot | undefined {
  if (record === undefined || record.snapshot !== undefined) return record?.snapshot;
  const { id, title, state, created, started } = record;
  const begun = started === undefined ? {} : { started };
  return { id, title, safe: true, state, created, ...begun, nodes: {}, outputs: [], problems: [], seq: 0 };
}

/** An id that stands for something else already. */
export const duplicate = (id: string): GraphError =>
  new GraphError('duplicate-id', `The job ${id} exists already, with other content. Give the new job another id.`);
