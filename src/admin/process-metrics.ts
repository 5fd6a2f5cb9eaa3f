import { readdirSync, readFileSync } from 'node:fs'
import type { Collector } from './collector.ts'
import type { LoopLag } from './loop-lag.ts'

const QUANTILES = [0.5, 0.99, 1]

/** The server's own process: how late its event loop is, and how many files it holds open. */
export function processCollectors(lag: LoopLag): Collector[] {
  const loop: Collector = {
    name: 'spillway_event_loop_lag_seconds',
    help: 'How late the event loop of the server came to a timer since the last scrape',
    type: 'gauge',
    *samples() {
      for (const [at, value] of lag.take(QUANTILES).entries()) {
        yield { labels: { quantile: QUANTILES[at] ?? 1 }, value }
      }
    },
  }
  const open = gaugeOf('process_open_fds', 'Number of open file descriptors.', openFds())
  const max = gaugeOf('process_max_fds', 'Maximum number of open file descriptors.', maxFds())
  return [loop, open, max].filter((collector) => collector !== undefined)
}

/** What this system does not tell is absent. */
function gaugeOf(name: string, help: string, value: number | undefined): Collector | undefined {
  if (value === undefined) return undefined
  return { name, help, type: 'gauge', samples: () => [{ labels: {}, value }] }
}

function openFds(): number | undefined {
  try {
    // One of them is open only to read this.
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return undefined
  }
}

function maxFds(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
