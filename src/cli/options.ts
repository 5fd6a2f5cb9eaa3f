import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseDurationMs } from '../lib/duration.ts'
import { isRedisUrl } from '../model/redis-url.ts'

/** Flags that say what to read. Each has its `SPILLWAY_…`. */
export interface ManifestFlags {
  readonly config?: string
  readonly stage?: string
  readonly region?: string
  readonly param?: Readonly<Record<string, string>>
  readonly envFile?: string
  /** Instead of the `redis` of spillway.yml. */
  readonly redis?: string
}

export interface OutputFlags {
  readonly json?: boolean
}

/** Flags of `dev` and `start`. */
export interface ServeFlags extends ManifestFlags, OutputFlags {
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly port: number
  readonly awsPort: number
  readonly adminPort: number
  readonly host: string
  readonly awsHost: string
  readonly adminHost: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly dataDir: string
  readonly preStopDelay: number
  readonly drainTimeout: number
}

const LOOPBACK = '127.0.0.1'

export function manifestOptions(command: Command): Command {
  return command
    .addOption(flag('-c, --config <file>', 'spillway.yml (default: beside the manifest)', 'CONFIG'))
    .addOption(flag('-s, --stage <name>', 'stage (default: dev)', 'STAGE'))
    .addOption(flag('-r, --region <name>', 'region (default: us-east-1)', 'REGION'))
    .addOption(
      new Option('--param <key=value>', 'a ${param:key}; may be repeated').argParser(parseParam),
    )
    .addOption(flag('--env-file <file>', 'variables for ${env:…}', 'ENV_FILE'))
}

export function outputOptions(command: Command): Command {
  return command
    .option('--json', 'machine-readable output')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
}

export function serveOptions(command: Command): Command {
  return outputOptions(manifestOptions(command))
    .option('-q, --quiet', 'errors only')
    .option('-v, --verbose', 'START, END and REPORT lines, and more of our own')
    .addOption(port('-p, --port <n>', 'of the API; 0 picks a free one', 'PORT', 3000))
    .addOption(port('--aws-port <n>', 'of the AWS endpoint', 'AWS_PORT', 3002))
    .addOption(port('--admin-port <n>', 'of metrics, health and limits', 'ADMIN_PORT', 3003))
    .addOption(flag('--host <address>', 'the API binds to', 'HOST').default(LOOPBACK))
    .addOption(
      flag('--aws-host <address>', 'the AWS endpoint binds to', 'AWS_HOST').default(LOOPBACK),
    )
    .addOption(
      flag('--admin-host <address>', 'the admin listener binds to', 'ADMIN_HOST').default(LOOPBACK),
    )
    .addOption(flag('--tls-cert <file>', 'PEM: the API then speaks HTTPS alone', 'TLS_CERT'))
    .addOption(flag('--tls-key <file>', 'PEM: the key of that certificate', 'TLS_KEY'))
    .addOption(
      flag('--data-dir <dir>', 'what survives a restart is kept in', 'DATA_DIR').default(
        '.spillway',
      ),
    )
    .addOption(
      flag('--redis <url>', 'where processes share rate limits', 'REDIS').argParser(parseRedis),
    )
    .addOption(
      duration(
        '--pre-stop-delay <time>',
        'on SIGTERM, served as before but not ready for so long',
        'PRE_STOP_DELAY',
        '0',
      ),
    )
    .addOption(
      duration(
        '--drain-timeout <time>',
        'what runs may still take so long then',
        'DRAIN_TIMEOUT',
        '30s',
      ),
    )
}

function flag(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`SPILLWAY_${variable}`)
}

function port(flags: string, description: string, variable: string, fallback: number): Option {
  return flag(flags, description, variable).argParser(parsePort).default(fallback)
}

function duration(flags: string, description: string, variable: string, fallback: string): Option {
  return flag(flags, description, variable)
    .argParser(parseTime)
    .default(parseTime(fallback), fallback)
}

function parseTime(value: string): number {
  const ms = parseDurationMs(value)
  if (ms !== undefined) return ms
  throw new InvalidArgumentError('expected a duration such as 500ms, 5s or 2m.')
}

function parseRedis(value: string): string {
  if (isRedisUrl(value)) return value
  throw new InvalidArgumentError('expected a URL such as redis://127.0.0.1:6379.')
}

function parsePort(value: string): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isInteger(number) && number >= 0 && number < 65_536)
    return number
  throw new InvalidArgumentError('expected a port from 0 to 65535.')
}

function parseParam(
  value: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const at = value.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('expected key=value.')
  return { ...previous, [value.slice(0, at)]: value.slice(at + 1) }
}
