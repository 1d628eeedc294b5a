import { isFinal, type ServerMessage } from '../../workflows/index.ts';
import { isRecord } from '../server-answers.ts';
import type { App } from './app.ts';
import type { Picture, Template, WaitingJob } from './state.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const isPicture = (raw: unknown): raw is Picture =>
  isRecord(raw) &&
  typeof raw.name === 'string' &&
  typeof raw.modified === 'number' &&
  typeof raw.width === 'number' &&
  typeof raw.height === 'number';

/** Asks the server for the newest pictures. */
export async function refreshPictures(app: App): Promise<void> {
  const pictures = await app.connection.get('/v1/images?folder=output&limit=60', (raw) =>
    isRecord(raw) && Array.isArray(raw.images) ? raw.images.filter(isPicture) : [],
  );
  app.set({ pictures });
}

/** Asks the server for its templates. */
export async function refreshTemplates(app: App): Promise<void> {
  const templates = await app.connection.get('/v1/templates', (raw): Template[] =>
    isRecord(raw) && Array.isArray(raw.templates)
      ? raw.templates.filter(isRecord).map(({ id, title, description, group }) => ({
          id: text(id),
          title: text(title),
          description: text(description),
          group: text(group),
        }))
      : [],
  );
  app.set({ templates });
}

/** Keeps the list of jobs that have not ended. */
export function followJobs(app: App, message: ServerMessage): void {
  const jobs = new Map<string, WaitingJob>(message.type === 'welcome' ? [] : app.state.jobs);
  if (message.type === 'welcome') for (const { id, state, position } of message.jobs) jobs.set(id, { id, state, position });
  else if (message.type === 'event' && message.event.type === 'state') {
    const { job, state, position } = message.event;
    if (isFinal(state)) jobs.delete(job);
    else jobs.set(job, { id: job, state, position });
  } else return;
  app.set({ jobs });
}
