/** What one server bears; every number can be lowered by a test. Sizes in bytes, times in ms. */
export interface Limits {
  /** A workflow as text, over HTTP and over the socket. */
  readonly document: number;
  /** Any other JSON body. */
  readonly body: number;
  /** A list of jobs. */
  readonly queueBody: number;
  /** One uploaded picture, and its pixels. */
  readonly upload: number;
  readonly pixels: number;
  /** One picture that a worker made, and its pixels. */
  readonly workerPicture: number;
  readonly workerPixels: number;
  /** TCP connections; beyond it requests are answered with 503. */
  readonly connections: number;
  /** Bodies of requests that are being read or worked on, together; beyond it further ones are answered with 503. */
  readonly bodies: number;
  /** Open WebSockets of pages. */
  readonly sockets: number;
  /** Jobs that wait, and the text of their workflows together. */
  readonly queued: number;
  readonly queuedBytes: number;
  /** Finished jobs that are remembered, and the size of their event logs together. */
  readonly finished: number;
  readonly finishedBytes: number;
  /** Recorded steps of all jobs together; beyond it those of the oldest are dropped. */
  readonly recordingBytes: number;
  /** Events of one job that are kept before stale steps are dropped from its log. */
  readonly logEvents: number;
  /** Previews are held back while a socket has more than this unsent. */
  readonly previewBacklog: number;
  /** Events are held back, and steps coalesced, while a socket has more than this unsent. */
  readonly eventBacklog: number;
  /** A socket that is this far behind is closed with code 1013, and told to come again. */
  readonly socketBacklog: number;
  /** Time between two pings; a socket that has not answered one when the next is due is closed. */
  readonly heartbeat: number;
  /** Wrong tokens from one address within a minute before all its tokens are refused. */
  readonly tokenFailures: number;
}

/** The limits of a server that people use. */
export const defaultLimits: Limits = {
  document: 16 * 1024 * 1024,
  body: 64 * 1024,
  queueBody: 1024 * 1024,
  upload: 32 * 1024 * 1024,
  pixels: 64_000_000,
  workerPicture: 1024 * 1024 * 1024,
  workerPixels: 16_384 * 16_384,
  connections: 2048,
  bodies: 512 * 1024 * 1024,
  sockets: 64,
  queued: 20_000,
  queuedBytes: 1024 * 1024 * 1024,
  finished: 200,
  finishedBytes: 32 * 1024 * 1024,
  recordingBytes: 64 * 1024 * 1024,
  logEvents: 2000,
  previewBacklog: 256 * 1024,
  eventBacklog: 256 * 1024,
  socketBacklog: 4 * 1024 * 1024,
  heartbeat: 30_000,
  tokenFailures: 10,
};
