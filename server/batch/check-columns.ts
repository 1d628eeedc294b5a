import { type Catalogue, GraphError } from '../../nodes/kit/index.ts';
import { type BatchRow, findField, type WorkflowSource } from '../../workflows/index.ts';

/** Does a column name a field, rather than only being there for file names? */
export const isField = (column: string): boolean => column.includes('.');

/**
 * Columns that set nothing. Throws for one that names no field where every row has it, since all would fail; and where no column of a table that has some sets anything.
 * Rows of JSONL may have columns of their own: there a wrong one makes a bad row.
 */
export function checkColumns(rows: readonly BatchRow[], source: WorkflowSource, catalogue: Catalogue): readonly string[] {
  const columns = [...new Set(rows.flatMap(({ cells }) => [...cells.keys()]))];
  const fields = columns.filter(isField);
  for (const name of fields) {
    if (rows.every(({ cells, problem }) => problem !== undefined || cells.has(name))) findField(source, name, catalogue);
  }
  if (fields.length === 0 && columns.length > 0)
    throw new GraphError(
      'bad-value',
      `None of the columns ${columns.join(', ')} names a field. Write a column as node.field, such as Prompt.text.`,
    );
  return columns.filter((name) => !isField(name));
}
