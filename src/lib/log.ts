import { destination, pino, type Logger } from 'pino'

/** Spillway's own log, on stderr: functions' lines go to stdout. */
export type Log = Logger

/** JSON lines. `silent` for none. */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  // Synchronous: what is logged just before an exit is what matters most.
  return pino({ level, base: null }, destination({ dest: 2, sync: true }))
}
