import { requireFinite } from '../diffusion/noisy-latents.ts';
import { cellsOf, equalSizes } from '../diffusion/picture-cells.ts';
import { linesOf, pictureTable } from '../diffusion/picture-table.ts';
import { defineNode, GraphError, type Image, image, int, type NodeEvent, optional, sliceBatch, text } from '../kit/index.ts';

const row = (number: number) =>
  optional(image({ label: `row ${number}`, help: `Pictures of row ${number}; those of a batch stand beside each other.` }));

/** A single batch cut into rows; several batches are rows as they are. */
function rowsOf(batches: readonly Image[], columns: number): readonly Image[] {
  const [only] = batches;
  if (only === undefined) {
    throw new GraphError('missing-input', 'There is nothing to lay out: wire pictures to “row 1”.', { place: { port: 'row_1' } });
  }
  if (batches.length > 1 || columns === 0) return batches;
  const count = only.dims[0] ?? 0;
  return Array.from({ length: Math.ceil(count / columns) }, (_, i) =>
    sliceBatch(only, i * columns, Math.min(columns, count - i * columns)),
  );
}

/** Pictures as a table. */
export default defineNode({
  type: 'ImageGrid',
  title: 'Image grid',
  category: 'image',
  effect: 'show',
  help: 'Lays pictures out as a table, with words above the columns and beside the rows. Wire a batch to each row; or one batch to row 1, with the number of columns.',
  inputs: {
    row_1: row(1),
    row_2: row(2),
    row_3: row(3),
    row_4: row(4),
    columns: int({
      label: 'columns',
      advanced: true,
      default: 0,
      min: 0,
      max: 400,
      help: 'Cuts a single batch into rows of so many; 0 leaves it in one row.',
    }),
    row_labels: text({ label: 'row labels', multiline: true, advanced: true, help: 'What to write beside the rows, a line each.' }),
    column_labels: text({ label: 'column labels', multiline: true, advanced: true, help: 'What to write above the columns, a line each.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The table as one picture, without the words.' }) },
  async *run({ columns, row_labels, column_labels, ...wired }, { images }): AsyncGenerator<NodeEvent, { IMAGE: Image }, void> {
    const batches = [wired.row_1, wired.row_2, wired.row_3, wired.row_4].filter((batch) => batch !== undefined);
    const rows = await equalSizes(rowsOf(batches, columns), images);
    const across = Math.max(...rows.map(({ dims }) => dims[0] ?? 0));
    const table = requireFinite(pictureTable(cellsOf(rows, across), { columns: across, rows: rows.length }), 'The picture');
    const labels = { columns: linesOf(column_labels).slice(0, across), rows: linesOf(row_labels).slice(0, rows.length) };
    yield { kind: 'show', content: { kind: 'images', files: await images.show(table), labels } };
    return { IMAGE: table };
  },
});
