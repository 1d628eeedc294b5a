import { type ClientMessage, isFinal, type ServerMessage } from '../workflows/protocol.ts';

/** What has to be said (again) when a socket opens. */
export interface Outbox {
  /** Takes note of a message; `sent` tells whether a socket took it. */
  note(message: ClientMessage, sent: boolean): void;
  /** Forgets what the server has answered. */
  heard(message: ServerMessage): void;
  /** What to send over a fresh socket, in order. */
  resend(): readonly ClientMessage[];
}

/**
 * Runs are kept until they are accepted or rejected (the same id again is the same job), watched jobs until they end, cancels
 * until they are sent. Pings are never kept.
 */
export function createOutbox(): Outbox {
  const runs = new Map<string, ClientMessage>();
  const watched = new Set<string>();
  const cancels = new Map<string, ClientMessage>();
  let previews: boolean | undefined;
  return {
    note(message, sent) {
      if (message.type === 'run') runs.set(message.id, message);
      else if (message.type === 'cancel' && !sent) cancels.set(message.job, message);
      else if (message.type === 'watch') {
        previews = message.previews ?? previews;
        for (const job of message.jobs) watched.add(job);
      }
    },
    heard(message) {
      if (message.type === 'accepted' && runs.delete(message.id)) watched.add(message.id);
      else if (message.type === 'rejected') runs.delete(message.id);
      const ended = endedJob(message);
      if (ended !== undefined) watched.delete(ended);
    },
    resend() {
      const watch: ClientMessage[] =
        watched.size === 0 && previews === undefined
          ? []
          : [{ type: 'watch', jobs: [...watched], ...(previews === undefined ? {} : { previews }) }];
      const messages = [...watch, ...runs.values(), ...cancels.values()];
      cancels.clear();
      return messages;
    },
  };
}

function endedJob(message: ServerMessage): string | undefined {
  if (message.type === 'unknown-job') return message.id;
  if (message.type === 'snapshot') return isFinal(message.job.state) ? message.job.id : undefined;
  if (message.type !== 'event' || message.event.type !== 'state') return undefined;
  return isFinal(message.event.state) ? message.event.job : undefined;
}
