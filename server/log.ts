import { type DestinationStream, type Logger, pino } from 'pino';
import { z } from 'zod';
import { isFinal, type JobEvent } from '../workflows/protocol.ts';

/** Where the server says what it does. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

const Line = z.looseObject({
  level: z.number(),
  time: z.number(),
  msg: z.string().optional(),
  err: z.looseObject({ message: z.string(), stack: z.string().optional() }).optional(),
});

/** `12:03:44 warn  A request failed: reason`, for people at a terminal. */
function readable(json: string): string {
  const parsed = Line.safeParse(JSON.parse(json));
  if (!parsed.success) return json;
  const { level, time, msg = '', err } = parsed.data;
  const clock = new Date(time).toTimeString().slice(0, 8);
  const name = (pino.levels.labels[level] ?? String(level)).padEnd(5);
  const detail = err === undefined ? '' : `: ${err.message}`;
  return `${clock} ${name} ${msg}${detail}\n`;
}

/** Log lines on standard error: one readable line each on a terminal, JSON elsewhere. Tokens and cookies are never written. */
export function createLog(stream: NodeJS.WriteStream = process.stderr): Log {
  const destination: DestinationStream = { write: (line) => void stream.write(stream.isTTY ? readable(line) : line) };
  const redact = ['token', '*.token', 'headers.authorization', 'headers.cookie', '*.headers.authorization', '*.headers.cookie'];
  return pino({ base: null, level: process.env.LOG_LEVEL ?? 'info', redact }, destination);
}

/** A log that keeps nothing. */
export const silentLog: Log = pino({ level: 'silent' });

/** Writes down how a job ended, and what went wrong in it. */
export function noteEnd(event: JobEvent, log: Log): void {
  if (event.type === 'state' && isFinal(event.state)) log.info({ job: event.job }, `Job ${event.job}: ${event.state}`);
  else if (event.type === 'problem') log.warn({ job: event.job, problem: event.problem }, `Job ${event.job}: ${event.problem.message}`);
}
