import { format } from 'node:util'
import { toErrorLog } from './errors.ts'

/** Where lines go: the text, and whether it may hold line breaks of its own. */
export type WriteLog = (text: string) => void

const LEVELS = {
  trace: 'TRACE',
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
} as const

const ORDER = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

let json = false

/**
 * Gives `console` the formats of Lambda's Node runtime (its LogPatch): `time TAB id TAB LEVEL TAB
 * text`, line breaks as carriage returns; or one JSON object a line. `process.stdout` and `stderr`
 * take the same way, so that lines keep their order.
 */
export function patchConsole(write: WriteLog, requestId: () => string | undefined): void {
  json = process.env['AWS_LAMBDA_LOG_FORMAT']?.toUpperCase() === 'JSON'
  const lowest = ORDER.indexOf(process.env['AWS_LAMBDA_LOG_LEVEL']?.toUpperCase() ?? '')
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, string][]) {
    console[method] = (...parameters: unknown[]): void => {
      if (json && ORDER.indexOf(level) < lowest) return
      const id = requestId()
      write(json ? jsonLine(level, id, parameters) : textLine(level, id, format(...parameters)))
    }
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = (chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
      write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      const done = rest.at(-1)
      if (typeof done === 'function') process.nextTick(done)
      return true
    }
  }
}

/** What the runtime itself says of an error: `Invoke Error` and the like; in JSON the error alone. */
export function errorLine(title: string, requestId: string | undefined, error: unknown): string {
  if (!json) return textLine('ERROR', requestId, `${title} \t${toErrorLog(error)}`)
  return jsonLine('ERROR', requestId, [error instanceof Error ? error : new Error(String(error))])
}

/** One line of the text format. The id reads `undefined` while no invocation runs, as on Lambda. */
function textLine(level: string, requestId: string | undefined, message: string): string {
  const line = `${new Date().toISOString()}\t${requestId}\t${level}\t${message}`
  return `${line.replaceAll('\n', '\r')}\n`
}

function jsonLine(level: string, requestId: string | undefined, parameters: unknown[]): string {
  const error = parameters.find((each) => each instanceof Error)
  const message = parameters.length === 1 ? plain(parameters[0]) : format(...parameters)
  const line = {
    timestamp: new Date().toISOString(),
    level,
    ...(requestId === undefined ? {} : { requestId }),
    ...(error === undefined
      ? { message }
      : {
          errorType: error.name,
          errorMessage: error.message,
          stackTrace: (error.stack ?? '')
            .split('\n')
            .slice(1)
            .map((each) => each.trim()),
          message,
        }),
  }
  return `${JSON.stringify(line)}\n`
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return value.stack ?? String(value)
  if (typeof value !== 'object' || value === null) return format(value)
  try {
    JSON.stringify(value)
    return value
  } catch {
    return format(value)
  }
}
