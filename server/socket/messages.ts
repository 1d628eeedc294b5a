import { z } from 'zod';
import type { Problem } from '../../nodes/kit/index.ts';
import { checkSentences } from '../http/checks.ts';
import { JobId, Place, Priority, Targets } from '../http/schemas.ts';

const Several = z.array(JobId).min(1).max(10_000);

/** What a page may send, checked to the last field. */
export const ClientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('run'),
    id: JobId,
    workflow: z.string().meta({ description: 'The document as text, so that no integer is rounded on the way.' }),
    targets: Targets.optional(),
    fresh: z.boolean().optional(),
    record: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('cancel'), job: JobId }),
  z.strictObject({
    type: z.literal('retry'),
    job: JobId,
    id: JobId.meta({ description: 'Of the job that runs it again.' }),
  }),
  z.strictObject({ type: z.literal('pause'), paused: z.boolean() }),
  z.strictObject({ type: z.literal('hold'), jobs: Several, paused: z.boolean() }),
  z.strictObject({ type: z.literal('move'), jobs: Several, to: Place }),
  z.strictObject({ type: z.literal('prioritise'), jobs: Several, priority: Priority }),
  z.strictObject({ type: z.literal('watch'), jobs: z.array(JobId).max(1000), previews: z.boolean().optional() }),
  z.strictObject({ type: z.literal('ping'), at: z.number() }),
]);

/** A checked message. */
export type CheckedMessage = z.infer<typeof ClientMessageSchema>;

/** A message, or what is wrong with it; `id` is the one it speaks of, '' if it has none. */
export type MessageReading = { readonly message: CheckedMessage } | { readonly id: string; readonly problems: readonly Problem[] };

const Addressed = z.looseObject({ id: JobId });

const bad = (message: string): Problem => ({ code: 'bad-value', message });

/** Reads one frame; never throws. */
export function readMessage(data: Buffer, binary: boolean): MessageReading {
  if (binary) return { id: '', problems: [bad('Binary messages are not understood here. Send JSON as text.')] };
  let raw: unknown;
  try {
    raw = JSON.parse(data.toString('utf8'));
  } catch {
    return { id: '', problems: [{ code: 'bad-document', message: 'The message is not valid JSON. Send an object with a “type”.' }] };
  }
  const checked = ClientMessageSchema.safeParse(raw);
  if (checked.success) return { message: checked.data };
  const addressed = Addressed.safeParse(raw);
  return { id: addressed.success ? addressed.data.id : '', problems: checkSentences(checked.error).slice(0, 20).map(bad) };
}
