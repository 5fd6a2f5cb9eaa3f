import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { realClock } from '../../src/lib/clock.ts'
import { openEmbeddedQueues } from '../../src/queue/embedded/embedded.ts'
import { makeFolder } from '../support/service.ts'
import { makeDisk, type BreakableDisk } from './breakable-disk.ts'
import { percentile } from './figures.ts'
import { Ledger } from './ledger.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

const PROCESS = join(import.meta.dirname, 'queue-process.ts')
const DISK_MB = 256
/** Numbers of one process: later ones have greater numbers, so that order can be seen. */
const NUMBERS = 10_000_000

/**
 * The queues' process dies again and again while messages are sent, received and deleted: by `kill -9`,
 * or, with `powerCuts`, because the power of its disk is cut. What it acknowledged must hold.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const directory = makeFolder()
  const disk = sizeOf(sizes, 'powerCuts') > 0 ? makeDisk(directory, DISK_MB) : undefined
  const folder = join(disk?.folder ?? directory, 'queues')
  const ledger = new Ledger()
  const startsMs: number[] = []
  const unopened: string[] = []
  try {
    for (let cycle = 1; cycle <= sizeOf(sizes, 'cycles'); cycle++) {
      const life = await startLife(folder, cycle * NUMBERS, ledger)
      if (life === undefined) {
        unopened.push(`start ${cycle}`)
        break
      }
      startsMs.push(life.startMs)
      await after(sizeOf(sizes, 'lifeMs') * (0.5 + Math.random()))
      await life.end(disk)
    }
    const left = await drain(folder).catch((error: unknown) => {
      unopened.push(String(error))
      return new Set<string>()
    })
    return judge({ ledger, left, startsMs, unopened, sizes })
  } finally {
    disk?.unmount()
  }
}

interface Life {
  /** From the start of the process until its queues were open. */
  readonly startMs: number
  end(disk: BreakableDisk | undefined): Promise<void>
}

/** Undefined where it ends before its queues are open. */
async function startLife(folder: string, first: number, ledger: Ledger): Promise<Life | undefined> {
  const sinceMs = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, PROCESS, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: process.env,
  })
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  const ready = new Promise<boolean>((resolve) => {
    lines.on('line', (line) => (line === 'ready' ? resolve(true) : ledger.note(line)))
    void closed.then(() => resolve(false))
  })
  if (!(await ready)) return undefined
  return {
    startMs: performance.now() - sinceMs,
    async end(disk) {
      if (disk === undefined) child.kill('SIGKILL')
      else await cutPower(child, disk)
      await closed
      if (disk === undefined) return
      disk.unmount()
      disk.mount()
    },
  }
}

/** A machine without power acknowledges nothing: the process stops first. */
async function cutPower(child: ChildProcess, disk: BreakableDisk): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGSTOP')
  disk.cut()
  child.kill('SIGKILL')
  await gone
}

/** All that is there in the end. In this process: so the fault of a control is seen to be planted. */
async function drain(directory: string): Promise<Set<string>> {
  const queues = await openEmbeddedQueues({
    directory,
    clock: realClock,
    senderId: '',
    arnOf: (name) => name,
    onTrouble: () => {},
    onBroken: () => {},
  })
  const left = new Set<string>()
  for (const queue of ['plain', 'line.fifo']) {
    for (;;) {
      const messages = await queues.receive(queue, { max: 1000, waitMs: 0 })
      if (messages.length === 0) break
      for (const { body } of messages) left.add(body)
      await queues.delete(
        queue,
        messages.map(({ receiptHandle }) => receiptHandle),
      )
    }
  }
  await queues.close()
  return left
}

function judge({
  ledger,
  left,
  startsMs,
  unopened,
  sizes,
}: {
  readonly ledger: Ledger
  readonly left: ReadonlySet<string>
  readonly startsMs: readonly number[]
  readonly unopened: readonly string[]
  readonly sizes: Sizes
}): Verdict {
  const { sent, got, gone } = ledger.counts
  const lost = ledger.lost(left)
  const undead = ledger.undead(left)
  const { disorder } = ledger
  return {
    facts: {
      cycles: startsMs.length,
      'acknowledged as sent': sent,
      'acknowledged as deleted': gone,
      received: got,
      'left in the end': left.size,
      'open again after, ms (median)': percentile(startsMs, 50).toFixed(0),
      lost: lost.length,
    },
    failures: failuresOf({
      lost: [lost.length > 0, `${lost.length} of ${sent}: ${lost.slice(0, 3).join(' ')}`],
      undead: [undead.length > 0, `${undead.length} came again: ${undead.slice(0, 3).join(' ')}`],
      order: [disorder > 0, `${disorder} came before one of their group that was sent earlier`],
      unopened: [unopened.length > 0, unopened.join(', ')],
      nothing: [sent < sizeOf(sizes, 'cycles'), `only ${sent} were acknowledged`],
    }),
  }
}
