import { createHash, randomUUID } from 'node:crypto'
import type { Clock } from '../../src/lib/clock.ts'
import type { Message, NewMessage, Queues } from '../../src/queue/queue.ts'

interface Kept extends NewMessage {
  messageId: string
  handle: string
  count: number
  sentMs: number
  firstMs: number
  visibleMs: number
}

/** Until there is an engine: queues in memory, with as much of SQS as these tests need. */
export interface MemoryQueues extends Queues {
  readonly ready: NonNullable<Queues['ready']>
  bodies(queue: string): string[]
}

export interface MemoryQueue {
  readonly visibilityTimeoutMs?: number
  readonly maxReceiveCount?: number
  readonly deadLetter?: string
}

export function memoryQueues(
  clock: Clock,
  settings: Readonly<Record<string, MemoryQueue>> = {},
): MemoryQueues {
  const queues = new Map<string, Kept[]>()
  const watchers = new Set<() => void>()
  const of = (name: string): Kept[] => {
    const known = queues.get(name) ?? []
    queues.set(name, known)
    return known
  }
  const changed = (): void => {
    for (const watcher of watchers) watcher()
  }
  const visible = (name: string): Kept[] => {
    const now = clock.nowMs()
    const blocked = new Set<string>()
    return of(name).filter((each) => {
      const isOut = each.visibleMs > now
      if (!name.endsWith('.fifo') || each.groupId === undefined) return !isOut
      if (isOut) blocked.add(each.groupId)
      return !blocked.has(each.groupId)
    })
  }
  const waitFor = async (name: string, count: number, waitMs: number, signal?: AbortSignal) => {
    const until = clock.nowMs() + waitMs
    while (visible(name).length < count && clock.nowMs() < until && signal?.aborted !== true) {
      const { promise, resolve } = Promise.withResolvers<void>()
      watchers.add(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
      const next = of(name)
        .map((each) => each.visibleMs - clock.nowMs())
        .filter((ms) => ms > 0)
      using _ = clock.after(Math.min(until - clock.nowMs(), ...next), resolve)
      await promise
      watchers.delete(resolve)
    }
    return visible(name).length
  }
  const find = (name: string, handle: string): Kept | undefined =>
    of(name).find((each) => each.handle === handle)
  return {
    bodies: (name) => of(name).map(({ body }) => body),
    async send(name, messages) {
      const results = messages.map((message) => {
        const messageId = randomUUID()
        of(name).push({
          ...message,
          messageId,
          handle: '',
          count: 0,
          sentMs: clock.wallMs(),
          firstMs: 0,
          visibleMs: 0,
        })
        return { messageId, md5OfBody: md5(message.body) }
      })
      changed()
      return results
    },
    async receive(name, { max, waitMs, visibilityTimeoutMs, signal }) {
      await waitFor(name, 1, waitMs, signal)
      const { maxReceiveCount = Infinity, deadLetter = '', ...own } = settings[name] ?? {}
      const hiddenMs = visibilityTimeoutMs ?? own.visibilityTimeoutMs ?? 30_000
      const taken: Kept[] = []
      for (const each of visible(name)) {
        if (each.count >= maxReceiveCount) {
          of(name).splice(of(name).indexOf(each), 1)
          of(deadLetter).push({ ...each, visibleMs: 0 })
        } else if (taken.length < max) taken.push(each)
      }
      return taken.map((each): Message => {
        each.count++
        each.firstMs ||= clock.wallMs()
        each.handle = randomUUID()
        each.visibleMs = clock.nowMs() + hiddenMs
        const { handle: receiptHandle, count: receiveCount, firstMs: firstReceivedMs } = each
        return {
          ...each,
          receiptHandle,
          receiveCount,
          firstReceivedMs,
          senderId: '123',
          md5OfBody: md5(each.body),
        }
      })
    },
    async delete(name, handles) {
      return handles.map((handle) => {
        const found = find(name, handle)
        if (found === undefined) return false
        of(name).splice(of(name).indexOf(found), 1)
        changed()
        return true
      })
    },
    async changeVisibility(name, changes) {
      return changes.map(({ receiptHandle, timeoutMs }) => {
        const found = find(name, receiptHandle)
        if (found === undefined) return false
        found.visibleMs = clock.nowMs() + timeoutMs
        changed()
        return true
      })
    },
    async putBack(name, handles) {
      for (const handle of handles) {
        const found = find(name, handle)
        if (found === undefined) continue
        found.count--
        found.visibleMs = 0
      }
      changed()
    },
    ready: async (name, { count, waitMs, signal }) => await waitFor(name, count, waitMs, signal),
    async counts(name) {
      const seen = visible(name)
      return { visible: seen.length, inFlight: of(name).length - seen.length, delayed: 0 }
    },
    async close() {},
  }
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
