/** Where a picture lies: `output` is kept, `input` was put there by the user, `preview` may be deleted at any time. */
export type ImageFolder = 'input' | 'output' | 'preview';

/** A picture on disk: `name` is relative to its folder, with `/`. Sizes in pixels. */
export interface ImageFile {
  readonly folder: ImageFolder;
  readonly name: string;
  readonly width: number;
  readonly height: number;
}

/** One curve; `x` is shared by all curves of a plot. */
export interface Curve {
  readonly label: string;
  readonly y: readonly number[];
}

/** A line plot that a node draws of itself; axes are scaled for each panel on its own. */
export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly panels: readonly { readonly label: string; readonly curves: readonly Curve[] }[];
}

/** What is written beside a picture that is a table of equal cells: above its columns and left of its rows. Empty for none. */
export interface TableLabels {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
}

/**
 * What a node shows inside itself. `labels` belong to a single picture. Of a `compare` pair one lies over the other, parted by a line that
 * follows the pointer; its column labels name the two.
 */
export type Content =
  | { readonly kind: 'images'; readonly files: readonly ImageFile[]; readonly labels?: TableLabels; readonly compare?: boolean }
  | { readonly kind: 'plot'; readonly plot: Plot }
  | { readonly kind: 'text'; readonly text: string };
