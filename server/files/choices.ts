import type { Choices } from '../catalogue.ts';
import { locateModels } from '../engine/models/list.ts';
import type { ModelSizes } from '../engine/models/model-sizes.ts';
import { choicesAmong, listParts } from '../engine/models/part-files.ts';
import { imageNames } from './gallery.ts';
import { dataFolders, type PictureFolders } from './paths.ts';

/** Folders that choices come from. */
interface Places {
  readonly models: string;
  readonly extraModels?: readonly string[];
  readonly data: string;
  /** Where pictures lie, if not below `data`. */
  readonly folders?: PictureFolders;
}

/** What nodes can choose from, as the folders of `--models`, `--extra-models` and `--data` are now; with the sizes of models if asked for. */
export async function choicesNow({ models, extraModels, data, folders = dataFolders(data) }: Places, known?: ModelSizes): Promise<Choices> {
  const [located, inputImages, parts] = await Promise.all([
    locateModels(models, extraModels),
    imageNames(folders.images.input),
    listParts([models, ...(extraModels ?? [])]),
  ]);
  const sizes = await known?.ofAll(located);
  return {
    checkpoints: located.map(({ name }) => name),
    inputImages,
    parts: choicesAmong(parts),
    ...(sizes === undefined ? {} : { sizes }),
  };
}
