import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { GraphError } from '../nodes/kit/index.ts';
import { addBatch, addProvenance } from './cli/batch-commands.ts';
import type { InstallCudaOptions } from './cli/install-cuda.ts';
import {
  collect,
  commonOptions,
  type DeviceOptions,
  deviceEnvironment,
  withCommonOptions,
  withDeviceOptions,
  withSavingOptions,
  withSeveralDevices,
} from './cli/options.ts';
import type { RunOptions } from './cli/run.ts';
import type { ServeCommandOptions } from './cli/serve.ts';
import type { WorkerCommandOptions } from './cli/worker.ts';
import { parseWarmUp, type WarmUp } from './engine/warm-up.ts';
import { packageRoot } from './files/package-root.ts';

type Given = Parameters<typeof commonOptions>[0];
type ServeGiven = Pick<ServeCommandOptions, 'host' | 'port' | 'token' | 'queue' | 'paused' | 'watch' | keyof DeviceOptions> &
  Partial<Pick<ServeCommandOptions, 'allowOrigin' | 'warmUp'>>;

type WorkerGiven = Pick<WorkerCommandOptions, 'queue' | 'server' | 'token' | 'shared' | keyof DeviceOptions>;

const collectWarmUp = (text: string, before: readonly WarmUp[] = []): readonly WarmUp[] => [...before, parseWarmUp(text)];

function version(): string {
  const { version: found }: { version?: unknown } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return String(found);
}

/** The commands; each loads only what it needs. `exit` is told the exit code. */
function program(argv: readonly string[], exit: (code: number) => void): Command {
  const root = new Command('litegraph-diffusion')
    .description('Wire diffusion models by hand: editor page, execution server and command line.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
    .showHelpAfterError('Run litegraph-diffusion --help for the commands.');

  withSavingOptions(withDeviceOptions(withSeveralDevices(root.command('serve').description('serve the editor page and the API'))))
    .option('--host <address>', 'address to listen on; other than this machine needs --token', '127.0.0.1')
    .option('--port <number>', 'port; 0 is any free one', '8190')
    .addOption(new Option('--token <text>', 'secret that pages and scripts must give').env('LITEGRAPH_DIFFUSION_TOKEN'))
    .option('--allow-origin <url>', 'origin of a host page elsewhere; may be repeated', collect)
    .option('--warm-up <model@WxH>', 'run a model once at this size before the first job; may be repeated', collectWarmUp)
    .option(
      '--queue <where>',
      'where jobs are kept: embedded (on disk, in --data), memory (until the server ends), or postgres://…',
      'embedded',
    )
    .option('--watch <dir>', 'run each workflow that is dropped into this folder')
    .option('--paused', 'start with the queue held, to look before anything runs')
    .action(async (given: Given & ServeGiven) => {
      const { serveCommand } = await import('./cli/serve.ts');
      await serveCommand({ allowOrigin: [], warmUp: [], ...given, ...commonOptions(given) });
    });

  withDeviceOptions(withSeveralDevices(root.command('worker').description('run jobs of a server on another machine'), 'worker'))
    .requiredOption('--queue <where>', 'the queue of the server, postgres://user@host/database')
    .requiredOption('--server <url>', 'the server, which gives inputs out and takes pictures in, http://host:8190')
    .addOption(new Option('--token <text>', 'the token of the server').env('LITEGRAPH_DIFFUSION_TOKEN'))
    .option('--shared <dir>', 'the data folder of the server, if it is mounted here; else pictures go over HTTP')
    .action(async (given: Given & WorkerGiven) => (await import('./cli/worker.ts')).workerCommand({ ...given, ...commonOptions(given) }));

  withSavingOptions(withDeviceOptions(withCommonOptions(root.command('run').description('run a saved workflow without a server'))))
    .argument('<file>', 'saved graph, compact form, or a PNG that carries one; - is standard input')
    .option('--set <node.field=value>', 'set a value, node being an id or a title; may be repeated', collect)
    .option('--out <dir>', 'write pictures here instead of <data>/output')
    .option('--print <node.port>', 'print an output, port being a name or an index; may be repeated', collect)
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print nothing but errors and printed values')
    .addHelpText('after', '\nThe exit code is 0 (done), 1 (failed), 2 (bad input) or 130 (Ctrl-C).')
    .action(async (file: string, given: Given & DeviceOptions & Partial<RunOptions>) => {
      const env = await deviceEnvironment(given.device);
      if (env !== undefined) return exit(await (await import('./cli/again.ts')).runAgain(argv, env));
      const { runCommand } = await import('./cli/run.ts');
      exit(await runCommand(file, { set: [], print: [], json: false, quiet: false, ...given, ...commonOptions(given) }));
    });

  addBatch(root, argv, exit);
  addProvenance(root, argv, exit);

  withCommonOptions(root.command('nodes').description('list the node types'))
    .option('--json', 'print one JSON object')
    .action(async ({ json = false, ...given }: Given & { json?: boolean }) =>
      (await import('./cli/lists.ts')).nodesCommand({ ...commonOptions(given), json }),
    );

  const models = withCommonOptions(root.command('models').description('list the models')).option('--json', 'print one JSON object');
  models
    .command('inspect')
    .description('print what a .safetensors checkpoint or a diffusers folder holds, and what is missing')
    .argument('<file>', '.safetensors file, or folder in the layout of diffusers')
    .option('--json', 'print one JSON object')
    .action(async (file: string, _: unknown, command: Command) => {
      const { json = false }: { json?: boolean } = command.optsWithGlobals();
      exit(await (await import('./cli/inspect.ts')).inspectCommand(file, { json }));
    });
  models.action(async ({ json = false, ...given }: Given & { json?: boolean }) =>
    (await import('./cli/lists.ts')).modelsCommand({ ...commonOptions(given), json }),
  );

  withDeviceOptions(
    withCommonOptions(root.command('doctor').description('find out what works on this machine, and what to do about the rest')),
  )
    .option('--port <number>', 'port that serve would use', '8190')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nThe exit code is 0 if nothing is wrong, else 1. With --device, that device has to work.')
    .action(async (given: Given & DeviceOptions & { port: string; json?: boolean }) => {
      const { doctorCommand } = await import('./cli/doctor.ts');
      exit(await doctorCommand({ json: false, ...given, ...commonOptions(given) }));
    });

  root
    .command('install-cuda')
    .description('fetch the CUDA provider and libraries for an NVIDIA GPU (Linux x64, 1.2 GB)')
    .option('--index-url <url>', 'Python package index; otherwise the one that pip is set to')
    .option('--wheels <dir>', 'folder in which the files may lie already')
    .option('--no-system', 'fetch CUDA and cuDNN even where the system has them')
    .action(async (given: InstallCudaOptions) => (await import('./cli/install-cuda.ts')).installCudaCommand(given));

  root
    .command('remove-cuda')
    .description('remove what install-cuda fetched')
    .action(async () => (await import('./cli/install-cuda.ts')).removeCudaCommand());
  return root;
}

/** Runs the command line. Errors are sentences on standard error; the exit code is 0 done, 1 failed, 2 bad input, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has gone away (`| head`) is no failure.
  process.stdout.on('error', () => process.exit());
  try {
    await program(argv, (code) => {
      process.exitCode = code;
    }).parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
    else if (thrown instanceof GraphError) {
      process.stderr.write(`${thrown.message}\n`);
      process.exitCode = 2;
    } else {
      process.stderr.write(`Unexpected failure: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
      process.exitCode = 1;
    }
  }
}
