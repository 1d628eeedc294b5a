import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { GraphError } from '../nodes/kit/index.ts';
import { collect, commonOptions, withCommonOptions } from './cli/options.ts';
import type { RunOptions } from './cli/run.ts';
import type { ServeCommandOptions } from './cli/serve.ts';
import { packageRoot } from './files/package-root.ts';

type Given = Parameters<typeof commonOptions>[0];

function version(): string {
  const { version: found }: { version?: unknown } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return String(found);
}

/** The commands; each loads only what it needs. `exit` is told the exit code. */
function program(exit: (code: number) => void): Command {
  const root = new Command('litegraph-diffusion')
    .description('Wire diffusion models by hand: editor page, execution server and command line.')
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
    .showHelpAfterError('Run litegraph-diffusion --help for the commands.');

  withCommonOptions(root.command('serve').description('serve the editor page and the API'))
    .option('--host <address>', 'address to listen on; other than this machine needs --token', '127.0.0.1')
    .option('--port <number>', 'port; 0 is any free one', '8190')
    .addOption(new Option('--token <text>', 'secret that pages and scripts must give').env('LITEGRAPH_DIFFUSION_TOKEN'))
    .option('--allow-origin <url>', 'origin of a host page elsewhere; may be repeated', collect)
    .option('--queue <where>', 'where jobs are kept: embedded (in --data), memory, or postgres://…', 'embedded')
    .option('--paused', 'start with the queue held, to look before anything runs')
    .action(
      async (
        given: Given & Pick<ServeCommandOptions, 'host' | 'port' | 'token' | 'queue' | 'paused'> & { allowOrigin?: readonly string[] },
      ) => {
        const { serveCommand } = await import('./cli/serve.ts');
        await serveCommand({ allowOrigin: [], ...given, ...commonOptions(given) });
      },
    );

  withCommonOptions(root.command('run').description('run a saved workflow without a server'))
    .argument('<file>', 'saved graph, compact form, or a PNG that carries one; - is standard input')
    .option('--set <node.field=value>', 'set a value, node being an id or a title; may be repeated', collect)
    .option('--out <dir>', 'write pictures here instead of <data>/output')
    .option('--print <node.port>', 'print an output, port being a name or an index; may be repeated', collect)
    .option('--json', 'print one JSON object')
    .option('--quiet', 'print nothing but errors and printed values')
    .addHelpText('after', '\nThe exit code is 0 (done), 1 (failed), 2 (bad input) or 130 (Ctrl-C).')
    .action(async (file: string, given: Given & Partial<RunOptions>) => {
      const { runCommand } = await import('./cli/run.ts');
      exit(await runCommand(file, { set: [], print: [], json: false, quiet: false, ...given, ...commonOptions(given) }));
    });

  withCommonOptions(root.command('nodes').description('list the node types'))
    .option('--json', 'print one JSON object')
    .action(async ({ json = false, ...given }: Given & { json?: boolean }) =>
      (await import('./cli/lists.ts')).nodesCommand({ ...commonOptions(given), json }),
    );

  withCommonOptions(root.command('models').description('list the models'))
    .option('--json', 'print one JSON object')
    .action(async ({ json = false, ...given }: Given & { json?: boolean }) =>
      (await import('./cli/lists.ts')).modelsCommand({ ...commonOptions(given), json }),
    );
  return root;
}

/** Runs the command line. Errors are sentences on standard error; the exit code is 0 done, 1 failed, 2 bad input, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that has gone away (`| head`) is no failure.
  process.stdout.on('error', () => process.exit());
  try {
    await program((code) => {
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
