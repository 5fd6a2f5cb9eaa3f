import type { Delivery } from './deliveries.ts'
import type { VitalSigns } from './vital-signs.ts'
import type { Payload } from './work.ts'

/** An environment that has this long, of its own CPU time, to begin what it was handed. */
export const ACK_MS = 100
/** Larger payloads take longer to arrive and to be read: so much more for each MiB. */
const ACK_MS_PER_MIB = 100
/** Idle with work before it: what it waits for is not ours. */
const ASLEEP_MS = 1000

/** The time that one environment has taken over one start so far. */
export interface HangWatch {
  readonly seq: number
  readonly sinceMs: number
  readonly ackMs: number
  readonly cpuMs: number
  awakeAtMs: number
}

/** Begins to watch an invocation that was handed over and has not begun. */
export function watchStart(
  { seq, work, dueMs }: Delivery,
  nowMs: number,
  signs: VitalSigns | undefined,
): HangWatch {
  const ackMs = ACK_MS + (bytesOf(work.payload) / 2 ** 20) * ACK_MS_PER_MIB
  return { seq, sinceMs: dueMs, ackMs, cpuMs: signs?.cpuMs ?? 0, awakeAtMs: nowMs }
}

function bytesOf(payload: Payload): number {
  return payload.kind === 'json' ? payload.json.byteLength : payload.request.body.byteLength
}

/**
 * Why the environment will not begin by itself; undefined while it may. A slow start is not a hang:
 * on a busy machine it waits for the CPU like everyone. So it must be stopped, or have had the CPU
 * for long enough, or sleep although the work lies before it.
 */
export function hangOf(
  watch: HangWatch,
  nowMs: number,
  signs: VitalSigns | undefined,
  isBacklogged: boolean,
): 'stopped' | 'busy' | 'asleep' | undefined {
  if (signs === undefined || nowMs - watch.sinceMs < watch.ackMs) return undefined
  if (signs.stopped) return 'stopped'
  // It is still being handed over.
  if (isBacklogged) return undefined
  if (signs.cpuMs - watch.cpuMs >= watch.ackMs) return 'busy'
  if (!signs.asleep) watch.awakeAtMs = nowMs
  return nowMs - watch.awakeAtMs >= ASLEEP_MS ? 'asleep' : undefined
}
