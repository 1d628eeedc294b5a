import { z } from 'zod';
import { GraphError } from '../../nodes/kit/index.ts';
import {
  type Axis,
  type BatchRow,
  parseValues,
  rowOfRecord,
  rowsOfAxes,
  rowsOfCsv,
  rowsOfPictures,
  rowsOfRepeat,
  seedControls,
} from '../../workflows/index.ts';
import { JobId } from '../http/schemas.ts';

const Value = z.union([z.string(), z.number(), z.bigint(), z.boolean()]);

/** `POST /v1/batches`. */
export const BatchBody = z
  .strictObject({
    id: JobId.max(40).optional(),
    workflow: z
      .union([z.record(z.string(), z.unknown()), z.string()], 'a workflow is a JSON object, or the same as text')
      .meta({ description: 'A saved graph, the compact form, or a ComfyUI file; as JSON or as text.' }),
    rows: z.array(z.record(z.string(), Value.nullable()).nullable()).min(1).max(100_000).optional().meta({
      description: 'Values by `node.field`; null is a row that could not be read, which fails and keeps its number.',
    }),
    csv: z.string().optional().meta({ description: 'The same as CSV, columns by the names of the first line.' }),
    pictures: z
      .strictObject({ names: z.array(z.string().min(1).max(512)).min(1).max(100_000), field: z.string().max(200).optional() })
      .optional()
      .meta({
        description:
          'Pictures of the input folder, each a row: they go to `field`, or to the one field of the workflow that takes a picture.',
      }),
    repeat: z.int().min(1).max(100_000).optional(),
    sweep: z
      .array(z.strictObject({ field: z.string(), values: z.union([z.string(), z.array(Value).min(1)]) }))
      .min(1)
      .max(3)
      .optional()
      .meta({ description: 'Axes of a grid; values as a list, or as text such as `1..8:1` or `euler,heun`.' }),
    seeds: z.enum(seedControls).optional(),
    name: z.string().min(1).max(200).default('{row}').meta({ description: 'Template of file names.' }),
  })
  .meta({ id: 'BatchBody' });
export type BatchWish = z.infer<typeof BatchBody>;

/**
 * What a wish is made of: rows, and axes for a sweep; `pictureField` gives the field that pictures go to where the wish does not say it. Throws
 * `bad-value` unless exactly one of rows, csv, pictures, repeat and sweep is given.
 */
export function rowsOfWish(
  { rows, csv, pictures, repeat, sweep }: BatchWish,
  pictureField: () => string,
): { rows: readonly BatchRow[]; axes: readonly Axis[] } {
  if ([rows, csv, pictures, repeat, sweep].filter((way) => way !== undefined).length !== 1)
    throw new GraphError('bad-value', 'Give one of rows, csv, pictures, repeat and sweep: it says what changes from picture to picture.');
  if (pictures !== undefined) return { rows: rowsOfPictures(pictures.names, pictures.field ?? pictureField()), axes: [] };
  if (rows !== undefined) return { rows: rows.map((row, index) => rowOfRecord(row, index + 1)), axes: [] };
  if (csv !== undefined) return { rows: rowsOfCsv(csv), axes: [] };
  if (repeat !== undefined) return { rows: rowsOfRepeat(repeat), axes: [] };
  const axes = (sweep ?? []).map(({ field, values }) => ({
    field,
    values: typeof values === 'string' ? parseValues(values) : values.map(String),
  }));
  return { rows: rowsOfAxes(axes), axes };
}
