import { parseAwsKeys } from '../auth/aws-keys.ts'
import { createLog } from '../lib/log.ts'
import type { App } from '../model/app.ts'
import { createSpillway, type Spillway, type SpillwayOptions } from '../spillway.ts'
import { readCertificate } from './certificate.ts'
import { describeApp } from './describe.ts'
import type { ServeFlags } from './options.ts'
import { prettyLog, prettyRequest } from './pretty.ts'
import { readApp } from './read-app.ts'
import { watchApp } from './watch.ts'

/** `spillway dev`: pretty output, reload on change, dummy AWS keys. */
export async function dev(paths: readonly string[], flags: ServeFlags): Promise<void> {
  const { app, spillway, announce } = await serve(paths, flags, 'dev')
  const reload = async (): Promise<App> => {
    const next = await readApp(paths, flags)
    spillway.reload(next)
    return next
  }
  const stopWatching = await watchApp(app, reload, (line) => process.stderr.write(`${line}\n`))
  stopOnSignal(async () => {
    await stopWatching()
    await spillway.close()
  })
  announce()
}

/** `spillway start`: what operators run. */
export async function start(paths: readonly string[], flags: ServeFlags): Promise<void> {
  const { spillway, announce } = await serve(paths, flags, 'start')
  stopOnSignal(() => spillway.close())
  announce()
}

/** Of sysexits.h: try again. */
const EX_TEMPFAIL = 75

interface Serving {
  readonly app: App
  readonly spillway: Spillway
  /** Prints the ready line. */
  readonly announce: () => void
}

async function serve(
  paths: readonly string[],
  flags: ServeFlags,
  mode: 'dev' | 'start',
): Promise<Serving> {
  const sinceMs = performance.now()
  const app = await readApp(paths, flags)
  const spillway = await createSpillway(toOptions(app, flags, mode))
  const announce = (): void => {
    const { urls } = spillway
    if (flags.json === true) {
      process.stdout.write(`${JSON.stringify({ event: 'ready', ...urls })}\n`)
    } else if (flags.quiet !== true) {
      process.stdout.write(`${describeApp(app, urls, performance.now() - sinceMs)}\n`)
    }
  }
  return { app, spillway, announce }
}

function toOptions(app: App, flags: ServeFlags, mode: 'dev' | 'start'): SpillwayOptions {
  const level = flags.quiet === true ? 'error' : flags.verbose === true ? 'debug' : 'info'
  const adminToken = process.env['SPILLWAY_ADMIN_TOKEN']
  const awsKeys = process.env['SPILLWAY_AWS_KEYS']
  const tls = readCertificate(flags.tlsCert, flags.tlsKey)
  const pretty = mode === 'dev' && flags.json !== true
  return {
    app,
    mode,
    dataDir: flags.dataDir,
    // A supervisor starts it anew, and what is on the disk is read again.
    onBroken: () => process.exit(EX_TEMPFAIL),
    drain: { preStopDelayMs: flags.preStopDelay, timeoutMs: flags.drainTimeout },
    log: createLog(level, pretty ? 'text' : 'json'),
    listen: {
      api: { host: flags.host, port: flags.port, ...(tls === undefined ? {} : { tls }) },
      aws: { host: flags.awsHost, port: flags.awsPort },
      admin: { host: flags.adminHost, port: flags.adminPort },
    },
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(awsKeys === undefined ? {} : { awsKeys: parseAwsKeys(awsKeys) }),
    ...(pretty ? { onLog: prettyLog(flags.verbose === true), onRequest: prettyRequest() } : {}),
  }
}

/** The first signal stops taking work and lets what runs finish; the second ends everything. */
function stopOnSignal(stop: () => Promise<void>): void {
  let stopping = false
  const onSignal = (exitCode: number) => (): void => {
    if (stopping) process.exit(exitCode)
    stopping = true
    void stop().finally(() => process.exit(exitCode))
  }
  process.on('SIGINT', onSignal(130))
  process.on('SIGTERM', onSignal(143))
}
