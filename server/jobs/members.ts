import { hostname } from 'node:os';
import type { DeviceStatus, WorkerSummary } from '../../workflows/protocol.ts';
import { fileKey, type ModelPart } from '../engine/models/named-files.ts';
import type { OthersModels } from '../files/live-catalogue.ts';
import { workerSummary } from './presence.ts';
import type { Member, Presence, SharedQueue } from './store.ts';

/** What a server knows of itself. */
export interface MembersParts {
  /** Undefined where nobody else can take a job. */
  readonly shared: SharedQueue | undefined;
  readonly devices: () => readonly DeviceStatus[];
  readonly models: () => Presence['models'];
  readonly parts: () => readonly ModelPart[];
}

/** The hosts that take jobs, as they were last heard of. */
export class Members {
  readonly #parts: MembersParts;
  readonly #listeners = new Set<(workers: readonly WorkerSummary[]) => void>();
  #members: readonly Member[] = [];
  #told = '';

  constructor(parts: MembersParts) {
    this.#parts = parts;
  }

  /** Notes who lives; tells the listeners when a host came, went or changed otherwise than in what it runs. */
  meet(members: readonly Member[]): void {
    this.#members = members;
    const workers = this.list();
    const stable = JSON.stringify(workers.map(({ jobs: _, ...worker }) => worker));
    if (stable === this.#told) return;
    this.#told = stable;
    for (const listener of this.#listeners) listener(workers);
  }

  /** Without a shared queue the server stands alone. */
  list(): readonly WorkerSummary[] {
    const { shared, devices, models, parts } = this.#parts;
    if (shared !== undefined) return this.#members.map((member) => workerSummary(member, shared.me));
    const names = models().map(({ name }) => name);
    const files = parts().map(({ kind, name }) => ({ kind, name }));
    return [{ id: 'here', kind: 'server', name: hostname(), devices: devices(), models: names, parts: files, jobs: [], here: true }];
  }

  /** Models, and parts of models, that others can run. */
  otherModels(): OthersModels {
    const others = this.#members.filter(({ id }) => id !== this.#parts.shared?.me);
    const models = others.flatMap((member) => member.models);
    const parts = others.flatMap((member) => member.parts ?? []);
    return {
      models: [...new Map(models.map((model) => [model.name, { ...model, embedded: false }])).values()],
      parts: [...new Map(parts.map((part) => [fileKey(part), part])).values()],
    };
  }

  onChange(listener: (workers: readonly WorkerSummary[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
