import colors from 'picocolors'
import { formatDuration } from '../lib/duration.ts'
import { createLineWriter } from '../lib/line-writer.ts'
import { printable } from '../lib/printable.ts'
import type { RequestFacts } from '../http/api.ts'
import type { LogLine } from '../invoke/journal.ts'

const writer = createLineWriter(process.stdout)
process.once('exit', () => writer.flush())

/** `time TAB id TAB LEVEL TAB text`, as functions' runtimes write it. */
const CONSOLE_LINE = /^\d{4}-\d\d-\d\dT[\d:.]+Z\t[^\t]*\t([A-Z]+)\t(.*)$/s

/** Functions' lines as a developer wants to see them: who said what; the platform's own with `-v`. */
export function prettyLog(verbose: boolean): (line: LogLine) => void {
  return ({ functionName, text, platform }) => {
    if (platform) {
      if (verbose) writer.write(colors.dim(printable(text)))
      return
    }
    const [, level, message] = CONSOLE_LINE.exec(text) ?? []
    const lines = printable((message ?? text).replaceAll('\r', '\n'))
    const shown = message === undefined ? lines : `${paint(level ?? '')} ${lines}`
    writer.write(`${colors.dim(`${functionName} │`)} ${shown}`)
  }
}

function paint(level: string): string {
  if (level === 'ERROR' || level === 'FATAL') return colors.red(level)
  return level === 'WARN' ? colors.yellow(level) : colors.cyan(level)
}

/** `POST /lead/7  leads-dev-postLead  200  14 ms (init 96 ms)`. */
export function prettyRequest(): (facts: RequestFacts) => void {
  return ({ method, target, status, durationMs, functionName, outcome }) => {
    const painted = status < 400 ? colors.green(status) : colors.red(status)
    const init = outcome?.initMs === undefined ? '' : ` (init ${formatDuration(outcome.initMs)})`
    const parts = [
      `${colors.bold(method)} ${printable(target)}`,
      functionName ?? colors.dim('no route'),
      painted,
      `${formatDuration(durationMs)}${init}`,
    ]
    const why = reasonOf(outcome)
    if (why !== undefined) parts.push(colors.dim(printable(why)))
    writer.write(parts.join('  '))
  }
}

function reasonOf(outcome: RequestFacts['outcome']): string | undefined {
  switch (outcome?.status) {
    case 'malformed':
      return `malformed: ${outcome.reason}`
    case 'platform_error':
      return outcome.message
    case 'throttled':
      return `throttled by ${outcome.blocked.scope} ${outcome.blocked.name}`.trimEnd()
    case 'function_error':
    case 'timeout':
    case 'interrupted':
      return `${outcome.error.errorType}: ${outcome.error.errorMessage}`
    case 'ok':
    case 'cancelled':
    case undefined:
      return undefined
  }
}
