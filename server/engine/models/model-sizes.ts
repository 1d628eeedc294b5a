import { stat } from 'node:fs/promises';
import type { SizeRule } from '../../../nodes/kit/index.ts';
import { networkFile } from './folder-networks.ts';
import { latentSides } from './latent-sides.ts';
import type { ModelLocation } from './list.ts';
import { outlineNetwork } from './network-outline.ts';

interface Known {
  /** Of the U-Net's file: it is looked into again when it changes. */
  readonly stamp: string;
  readonly rule: SizeRule | undefined;
}

/** Which sizes models take, as the outlines of their U-Nets say; each file is looked into once. */
export class ModelSizes {
  readonly #known = new Map<string, Known>();

  /** Undefined for a model that takes latents of every size, and for one that cannot be read: loading it says why. */
  async of({ path, kind }: Pick<ModelLocation, 'path' | 'kind'>): Promise<SizeRule | undefined> {
    // Networks that are built here enlarge to the size that is wanted.
    if (kind !== 'onnx') return undefined;
    try {
      const file = await networkFile(path, 'unet');
      if (file === undefined) return undefined;
      const { size, mtimeMs } = await stat(file);
      const stamp = `${file}:${size}:${mtimeMs}`;
      const known = this.#known.get(path);
      if (known?.stamp === stamp) return known.rule;
      const rule = ruleOf(file);
      this.#known.set(path, { stamp, rule });
      return rule;
    } catch {
      return undefined;
    }
  }

  /** The same for several models, by name; those that take every size are left out. */
  async ofAll(models: readonly ModelLocation[]): Promise<Readonly<Record<string, SizeRule>>> {
    const rules: [string, SizeRule][] = [];
    // One after the other, so that a server goes on answering between them.
    for (const model of models) {
      const rule = await this.of(model);
      if (rule !== undefined) rules.push([model.name, rule]);
    }
    return Object.fromEntries(rules);
  }
}

function ruleOf(file: string): SizeRule | undefined {
  const rule = latentSides(outlineNetwork(file));
  return rule.multiple === 1 && rule.width === undefined && rule.height === undefined ? undefined : rule;
}
