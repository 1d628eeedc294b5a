import type { Catalogue, NodeSpec } from '../../nodes/kit/index.ts';
import { isRecord } from '../../workflows/index.ts';
import type { App } from './app.ts';
import { judgeChange } from './running.ts';
import type { Picture, Template } from './state.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const isPicture = (raw: unknown): raw is Picture =>
  isRecord(raw) &&
  typeof raw.name === 'string' &&
  typeof raw.modified === 'number' &&
  typeof raw.width === 'number' &&
  typeof raw.height === 'number';

/** Asks the server for the newest pictures, or for those of the batch that the gallery shows. */
export async function refreshPictures(app: App): Promise<void> {
  const { album } = app.state;
  const which = album === undefined ? 'limit=60' : `limit=500&under=${encodeURIComponent(album)}`;
  const pictures = await app.connection.get(`/v1/images?folder=output&${which}`, (raw) =>
    isRecord(raw) && Array.isArray(raw.images) ? raw.images.filter(isPicture) : [],
  );
  app.set({ pictures });
}

/** Node types by their names. */
export const catalogueOf = (specs: readonly NodeSpec[]): Catalogue => new Map(specs.map((spec) => [spec.type, spec]));

/** Asks the server for the node types again, whose lists may have changed. */
export async function refreshCatalogue(app: App): Promise<void> {
  app.catalogue = catalogueOf(await app.connection.nodes());
  app.view.setCatalogue(app.catalogue);
  judgeChange(app);
  app.set({});
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
