import type { DeviceStatus, WorkerSummary } from '../../workflows/protocol.ts';
import type { Batches } from '../batch/batches.ts';
import type { PartFamilies } from '../engine/models/part-families.ts';
import type { Engine } from '../engine/types.ts';
import type { Gallery } from '../files/gallery.ts';
import type { LiveCatalogue } from '../files/live-catalogue.ts';
import type { DataFolders } from '../files/paths.ts';
import type { Thumbnails } from '../files/thumbnails.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { DocumentReader } from '../jobs/reader.ts';
import type { Log } from '../log.ts';
import type { HostRules } from '../security/hosts.ts';
import type { Limits } from '../security/limits.ts';
import type { Gate } from '../security/token.ts';
import type { Crowd } from './crowd.ts';

/** All that routes and sockets work with; made once in serve.ts. */
export interface ServerContext {
  readonly version: string;
  readonly packageRoot: string;
  readonly folders: DataFolders;
  readonly limits: Limits;
  readonly rules: HostRules;
  readonly gate: Gate;
  readonly crowd: Crowd;
  readonly log: Log;
  readonly jobs: Jobs;
  readonly reader: DocumentReader;
  readonly catalogue: LiveCatalogue;
  /** What files of parts were made for. */
  readonly families: PartFamilies;
  /** This server's own, one per device. */
  readonly engines: readonly Engine[];
  readonly gallery: Gallery;
  readonly thumbnails: Thumbnails;
  readonly batches: Batches;
  /** One status per engine. */
  readonly devices: () => readonly DeviceStatus[];
  /** The hosts that take jobs. */
  readonly workers: () => readonly WorkerSummary[];
}
