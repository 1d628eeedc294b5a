import type { Choices } from '../catalogue.ts';
import { locateModels } from '../engine/models/list.ts';
import { imageNames } from './gallery.ts';
import { dataFolders } from './paths.ts';

/** What nodes can choose from, as the folders of `--models` and `--data` are now. */
export async function choicesNow({ models, data }: { readonly models: string; readonly data: string }): Promise<Choices> {
  const [located, inputImages] = await Promise.all([locateModels(models), imageNames(dataFolders(data).images.input)]);
  return { checkpoints: located.map(({ name }) => name), inputImages };
}
