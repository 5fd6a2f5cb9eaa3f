import { destination, pino, type Logger } from 'pino'

/** Spillway's own log, on stderr: functions' lines go to stdout. */
export type Log = Logger

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** JSON lines, or for a developer's terminal just what they say. */
export function createLog(level: LogLevel, format: 'json' | 'text' = 'json'): Log {
  // Synchronous: what is logged just before an exit is what matters most.
  const stderr = destination({ dest: 2, sync: true })
  const stream =
    format === 'json' ? stderr : { write: (line: string) => stderr.write(toText(line)) }
  return pino({ level, base: null }, stream)
}

function toText(line: string): string {
  const { level, time: _, msg, ...rest } = JSON.parse(line) as Record<string, unknown>
  const details = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`
  return `  ${pino.levels.labels[Number(level)]}  ${String(msg)}${details}\n`
}
