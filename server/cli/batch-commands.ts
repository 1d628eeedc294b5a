import { type Command, InvalidArgumentError, Option } from 'commander';
import { seedControls, usualTolerance } from '../../workflows/index.ts';
import type { BatchOptions } from './batch.ts';
import {
  collect,
  commonOptions,
  type DeviceOptions,
  deviceEnvironment,
  withCommonOptions,
  withDeviceOptions,
  withSavingOptions,
} from './options.ts';

type Given = Parameters<typeof commonOptions>[0] & DeviceOptions;

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('A whole number from 1 was expected.');
}

/** Adds `batch` to the command line. `exit` is told the exit code. */
export function addBatch(root: Command, argv: readonly string[], exit: (code: number) => void): void {
  withSavingOptions(withDeviceOptions(withCommonOptions(root.command('batch'))))
    .description('run a saved workflow for each row of a table, or for each value of fields')
    .argument('<workflow...>', 'saved graphs, compact forms, or PNGs that carry one; - is standard input')
    .option('--each <file>', '.csv or .jsonl whose columns are named node.field, or a folder of pictures')
    .option('--each-field <node.field>', 'where the pictures of a folder go; found by itself where only one field takes a picture')
    .option('--repeat <count>', 'run it so many times', count)
    .option('--sweep <node.field=values>', 'try values such as 1..8:1 or euler,heun; up to three times, for a grid', collect)
    .addOption(new Option('--seeds <way>', 'how seeds change from item to item; otherwise each as its node says').choices(seedControls))
    .option('--name <template>', 'names of the pictures: {row}, {seed}, {date}, {time}, and any column in braces', '{row}')
    .option('--set <node.field=value>', 'set a value for all of them, node being an id or a title; may be repeated', collect)
    .option('--out <dir>', 'where pictures, results.csv and batch.json go; by default a new folder in <data>/output')
    .option('--resume', 'go on with the batch in --out, or with the latest: run only what is missing or failed')
    .option(
      '--server <url>',
      'run it on that server, with its models; pictures of a folder are sent there, and what is made comes to --out',
    )
    .addOption(new Option('--token <secret>', 'the token of that server').env('LITEGRAPH_DIFFUSION_TOKEN'))
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nThe exit code is 0 (all done), 1 (some failed), 2 (bad input) or 130 (Ctrl-C; what is done is kept).')
    .action(async (files: string[], given: Given & Partial<BatchOptions>) => {
      const env = given.server === undefined ? await deviceEnvironment(given.device) : undefined;
      if (env !== undefined) return exit(await (await import('./again.ts')).runAgain(argv, env));
      const options: BatchOptions = {
        ...{ set: [], sweep: [], name: '{row}', resume: false, json: false, quiet: false },
        ...given,
        ...commonOptions(given),
      };
      if (options.server === undefined) exit(await (await import('./batch.ts')).batchCommand(files, options));
      else exit(await (await import('./batch-on-server.ts')).batchOnServer(files, { ...options, server: options.server }));
    });
}

function levels(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0 && value <= 255) return value;
  throw new InvalidArgumentError('A number from 0 to 255 was expected.');
}

/** Adds `verify`, `diff` and `strip`. */
export function addProvenance(root: Command, argv: readonly string[], exit: (code: number) => void): void {
  withDeviceOptions(withCommonOptions(root.command('verify')))
    .description('run again what made a picture, and say whether the new one is the same')
    .argument('<picture>', 'a PNG that was saved with its metadata')
    .option('--tolerance <levels>', 'largest difference of an 8-bit value that still counts as the same', levels, usualTolerance)
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nThe exit code is 0 (bit-equal or within tolerance), 1 (different), 2 (cannot be run again) or 130 (Ctrl-C).')
    .action(async (file: string, given: Given & { tolerance: number; json?: boolean }) => {
      const env = await deviceEnvironment(given.device);
      if (env !== undefined) return exit(await (await import('./again.ts')).runAgain(argv, env));
      const { verifyCommand } = await import('./verify.ts');
      exit(await verifyCommand(file, { json: false, ...given, ...commonOptions(given) }));
    });

  root
    .command('diff')
    .description('say how two workflows, or the runs of two pictures, differ in meaning')
    .argument('<before>', 'a workflow, or a PNG that carries one')
    .argument('<after>', 'the other one')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nThe exit code is 0 (no difference), 1 (differences) or 2 (one cannot be read).')
    .action(async (before: string, after: string, { json = false }: { json?: boolean }) =>
      exit(await (await import('./diff.ts')).diffCommand([before, after], { json })),
    );

  root
    .command('strip')
    .description('take the workflow and everything else that is written in them out of PNGs')
    .argument('<picture...>', 'PNG files; they are changed in place')
    .option('--out <dir>', 'write them here instead')
    .action(async (files: string[], given: { out?: string }) => exit(await (await import('./strip.ts')).stripCommand(files, given)));
}
