import type { Choices } from '../catalogue.ts';
import { locateModels } from '../engine/models/list.ts';
import { imageNames } from './gallery.ts';
import { dataFolders } from './paths.ts';

/** Folders that choices come from. */
interface Places {
  readonly models: string;
  readonly extraModels?: readonly string[];
  readonly data: string;
}

/** What nodes can choose from, as the folders of `--models`, `--extra-models` and `--data` are now. */
export async function choicesNow({ models, extraModels, data }: Places): Promise<Choices> {
  const [located, inputImages] = await Promise.all([locateModels(models, extraModels), imageNames(dataFolders(data).images.input)]);
  return { checkpoints: located.map(({ name }) => name), inputImages };
}
