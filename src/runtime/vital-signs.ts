import { readFileSync } from 'node:fs'

/** What the system says of a process. */
export interface VitalSigns {
  /** Stopped by a signal or a debugger. */
  readonly stopped: boolean
  /** Waits for something, and wants no CPU. */
  readonly asleep: boolean
  /** CPU time so far. */
  readonly cpuMs: number
}

/** Linux counts in hundredths of a second, whatever the kernel's own clock does. */
const TICK_MS = 10

/** Undefined where there is no such process, or no /proc. */
export function vitalSignsOf(pid: number): VitalSigns | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name before it is in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const state = fields[0] ?? ''
    return {
      stopped: state === 'T' || state === 't',
      asleep: state === 'S',
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    }
  } catch {
    return undefined
  }
}
