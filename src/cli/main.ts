import { Command, CommanderError } from 'commander'
import { SpillwayError } from '../lib/errors.ts'
import { VERSION } from '../spillway.ts'
import { fail } from './fail.ts'
import { manifestOptions, outputOptions, serveOptions } from './options.ts'

/** A command's module is loaded when it is called: `--help` needs none of them. */
const program = new Command('spillway')
  .description('Run the AWS Lambda functions you already have on your own machines.')
  .version(VERSION, '--version')
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) })
  .showSuggestionAfterError()

const adminUrl = '--admin <url>'
const adminHelp = 'the admin listener of the running node'
const ADMIN_DEFAULT = process.env['SPILLWAY_ADMIN'] ?? 'http://127.0.0.1:3003'

const PATHS = 'a directory, a serverless.yml or .json, a spillway.yml, or a handler file'

serveOptions(
  program.command('dev').argument('[path...]', PATHS).description('serve, and reload on change'),
).action(async (paths: string[], options) => (await import('./serve.ts')).dev(paths, options))

serveOptions(
  program.command('start').argument('[path...]', PATHS).description('serve, for production'),
).action(async (paths: string[], options) => (await import('./serve.ts')).start(paths, options))

manifestOptions(
  program
    .command('invoke')
    .argument('<function>', 'its key in the manifest, its deployed name, or a handler file')
    .argument('[path...]', PATHS)
    .description('run a function once: its payload on stdout, its log on stderr')
    .option('-d, --data <json>', 'the event, as JSON (default: {})')
    .option('-e, --event <file>', 'the event, from a file (- for standard input)')
    .option('--tail', 'print the log, START and REPORT lines included'),
).action(async (name: string, paths: string[], options) =>
  (await import('./invoke.ts')).invoke(name, paths, options),
)

outputOptions(
  manifestOptions(
    program
      .command('check')
      .argument('[path...]', PATHS)
      .description('read the manifests and explain them, limit arithmetic included')
      .option('--strict', 'exit 3 when there is anything to note')
      .option('--errors', "a running node's history of errors instead, beside Lambda's")
      .option(adminUrl, adminHelp, ADMIN_DEFAULT),
  ),
).action(async (paths: string[], options) =>
  options.errors === true
    ? (await import('./check-errors.ts')).checkErrors(options)
    : (await import('./check.ts')).check(paths, options),
)

const CHANGES = `
Changes:
  account=200                           maxConcurrency of the account
  account.headroom.batch=10             slots that batch work leaves free
  group:etl=20  tag:orders-db=40        of a group, of a tag
  fn:report=5                           of a function, by key or deployed name
  group:api.guaranteedConcurrency=40    another limit: guaranteedConcurrency, lend, weight,
                                        maxWait, headroom.<priority>; of functions also
                                        reservedConcurrency, provisionedConcurrency
  fn:report:live.provisionedConcurrency=2   of a version or alias
  group:api.maxWait=2s                  durations: 250ms, 2s, 15m
  fn:report=none                        takes a limit away

Without --for and --save a change holds until it is changed again or the node restarts.
A saved change that says what the configuration says is no longer kept.`

const limits = program.command('limits').description('see and change the limits of a running node')
outputOptions(
  limits
    .command('get', { isDefault: true })
    .description('print who may use what, and who does')
    .option(adminUrl, adminHelp, ADMIN_DEFAULT),
).action(async (options) => (await import('./limits.ts')).getLimits(options))
outputOptions(
  limits
    .command('set')
    .argument('<change...>', 'such as account=200, group:etl=20, tag:orders-db=40, fn:report=5')
    .description('change limits at once, all or none; what runs goes on')
    .option('--for <duration>', 'take the change back after 90s, 30m, 2h …')
    .option('--save', 'keep the change beyond a restart, in the data directory of the node')
    .option(adminUrl, adminHelp, ADMIN_DEFAULT)
    .addHelpText('after', CHANGES),
).action(async (changes: string[], options) =>
  (await import('./limits.ts')).setLimits(changes, options),
)

// Whoever reads has gone (`spillway start | head`): nobody is left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  // Commander has said what is wrong; help and version are no errors.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  if (!SpillwayError.is(error)) throw error
  fail(error)
}
