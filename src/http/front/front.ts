import type { Socket } from 'node:net'
import type { Clock } from '../../lib/clock.ts'
import type { Front, HandOver } from '../../lib/listen.ts'
import { BOUNDS, type Bounds } from '../../lib/strict-server.ts'
import type { Turn } from '../turn.ts'
import { FrontConnection } from './connection.ts'

export interface FrontOptions {
  readonly clock: Clock
  readonly answer: (turn: Turn) => void
  readonly bounds?: Bounds
}

const SWEEP_MS = 1000
/** A request that takes longer to come is node:http's, which has bounds for that. */
const SLOW_MS = 1000

/**
 * An HTTP/1.1 front for requests of the plainest kind, which are nearly all: whole, small, and read
 * alike by every HTTP program (`head.ts`). A connection on which anything else comes is handed to
 * node:http, at the beginning of that request and for good. It takes half of the time of node:http.
 */
export function createFront({ clock, answer, bounds = BOUNDS }: FrontOptions): Front {
  const connections = new Set<FrontConnection>()
  let sweeping: Disposable | undefined
  const sweep = (): void => {
    const nowMs = clock.nowMs()
    for (const connection of connections) {
      const isOver = connection.sinceMs < nowMs - bounds.keepAliveMs - SLOW_MS
      if (connection.isSlow(nowMs - SLOW_MS)) connection.handOver()
      else if (connection.isIdle && isOver) connection.close()
    }
    sweeping = connections.size === 0 ? undefined : clock.after(SWEEP_MS, sweep)
  }
  return {
    accept(socket: Socket, handOver: HandOver) {
      sweeping ??= clock.after(SWEEP_MS, sweep)
      const connection = new FrontConnection({ clock, answer, bounds, socket, handOver })
      connections.add(connection)
      connection.onceDone(() => connections.delete(connection))
    },
    closeIdle() {
      for (const connection of connections) if (connection.isIdle) connection.close()
    },
    closeAll() {
      for (const connection of connections) connection.close()
    },
  }
}
