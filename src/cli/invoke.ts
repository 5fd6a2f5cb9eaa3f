import { existsSync, readFileSync } from 'node:fs'
import { SpillwayError } from '../lib/errors.ts'
import { createLog } from '../lib/log.ts'
import { didYouMean } from '../lib/suggest.ts'
import type { App, FunctionDefinition } from '../model/app.ts'
import type { Outcome } from '../invoke/invocation.ts'
import { createSpillway } from '../spillway.ts'
import type { ManifestFlags } from './options.ts'
import { readApp } from './read-app.ts'

interface InvokeFlags extends ManifestFlags {
  readonly data?: string
  readonly event?: string
  readonly tail?: boolean
}

const FUNCTION_FAILED = 4
const RUNTIME_FAILURE = 1

/** `spillway invoke`: the payload on stdout, the log on stderr. */
export async function invoke(
  name: string,
  paths: readonly string[],
  flags: InvokeFlags,
): Promise<void> {
  const payload = readPayload(flags)
  const isFile = paths.length === 0 && existsSync(name) && /\.[cm]?[jt]sx?$/.test(name)
  const app = await readApp(isFile ? [name] : paths, flags)
  const fn = isFile ? app.functions[0] : findFunction(app, name)
  if (fn === undefined) throw unknownFunction(app, name)
  const spillway = await createSpillway({
    app,
    mode: 'dev',
    log: createLog('error'),
    onLog: ({ text, platform }) => {
      if (flags.tail === true || !platform) process.stderr.write(`${text}\n`)
    },
  })
  // Nothing else keeps this process up while the function waits for an environment.
  const alive = setInterval(() => {}, 60_000)
  try {
    process.exitCode = print(await spillway.invoke(fn.name, payload))
  } finally {
    clearInterval(alive)
    await spillway.close()
  }
}

function readPayload({ data, event }: InvokeFlags): Uint8Array {
  if (data !== undefined && event !== undefined) {
    throw new SpillwayError(
      'SPILLWAY_USAGE',
      'give the event with --data or --event, not with both',
    )
  }
  const payload = event === undefined ? Buffer.from(data ?? '{}') : readEvent(event)
  try {
    JSON.parse(payload.toString())
  } catch (error) {
    const what = event === undefined ? '--data' : event
    throw new SpillwayError('SPILLWAY_USAGE', `${what} is not JSON: ${(error as Error).message}`)
  }
  return payload
}

function readEvent(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file)
  } catch (error) {
    throw new SpillwayError('SPILLWAY_USAGE', `cannot read ${file}: ${(error as Error).message}`)
  }
}

function findFunction(app: App, name: string): FunctionDefinition | undefined {
  return app.functions.find((fn) => fn.name === name) ?? app.functions.find((fn) => fn.key === name)
}

function unknownFunction(app: App, name: string): SpillwayError {
  const names = app.functions.flatMap((fn) => [fn.key, fn.name])
  return new SpillwayError(
    'SPILLWAY_FUNCTION_NOT_FOUND',
    `there is no function "${name}"${didYouMean(name, names)}`,
  )
}

/** Returns the exit code. */
function print(outcome: Outcome): number {
  switch (outcome.status) {
    case 'ok': {
      const { result } = outcome
      process.stdout.write(`${result.kind === 'json' ? Buffer.from(result.json).toString() : ''}\n`)
      return 0
    }
    case 'function_error':
    case 'timeout':
    case 'interrupted':
      process.stdout.write(`${Buffer.from(outcome.error.json).toString()}\n`)
      return FUNCTION_FAILED
    case 'malformed':
      process.stderr.write(`spillway: ${outcome.reason}\n`)
      return FUNCTION_FAILED
    case 'throttled':
      process.stderr.write(
        `spillway: throttled by ${outcome.blocked.scope} ${outcome.blocked.name}\n`,
      )
      return RUNTIME_FAILURE
    case 'platform_error':
      process.stderr.write(`spillway: ${outcome.message}\n`)
      return RUNTIME_FAILURE
    case 'cancelled':
      return RUNTIME_FAILURE
  }
}
