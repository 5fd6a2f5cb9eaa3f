import { DatabaseSync } from 'node:sqlite'
import { virtualClock, type VirtualClock } from '../../src/lib/clock.ts'
import type { DiskReserve } from '../../src/queue/embedded/disk-reserve.ts'
import { Engine } from '../../src/queue/embedded/engine.ts'
import type { Kind, RawMessage, Reply, Work, Works } from '../../src/queue/embedded/protocol.ts'
import { SCHEMA } from '../../src/queue/embedded/schema.ts'

export const START_MS = 1_800_000_000_000

/** An engine on tables in memory and a clock that stands still: what it is asked, it has done at once. */
export interface EngineRig {
  readonly clock: VirtualClock
  readonly db: DatabaseSync
  readonly troubles: string[]
  /** Answers to work that waited, as they came. */
  readonly late: Map<number, Reply>
  /** @throws {Error} with the failure's message. */
  ask<K extends Kind>(kind: K, queue: string, takes: Works[K]['takes']): Works[K]['gives']
  /** The number of work that may wait. */
  begin<K extends Kind>(kind: K, queue: string, takes: Works[K]['takes']): number
  define(name: string, attributes?: Record<string, string>): void
  receive(queue: string, max?: number, more?: Partial<Works['receive']['takes']>): RawMessage[]
  send(queue: string, ...bodies: string[]): void
  /** As after a crash: a new engine on the same tables. */
  restart(): void
  /** Sets the machine's clock by so much; time goes on as before. */
  setWall(byMs: number): void
}

const ROOM: DiskReserve = { isShort: () => false, release: () => {}, renew: () => {} }

export function engineRig(reserve: DiskReserve = ROOM): EngineRig {
  const clock = virtualClock(START_MS)
  const db = new DatabaseSync(':memory:')
  db.exec(SCHEMA)
  const troubles: string[] = []
  const late = new Map<number, Reply>()
  let lastId = 0
  let setMs = 0
  const open = (): Engine => {
    // What a dead process has set up does nothing any more.
    const mine = {}
    current = mine
    return new Engine(db, {
      clock: {
        nowMs: () => clock.nowMs(),
        wallMs: () => clock.wallMs() + setMs,
        after: (ms, then) => clock.after(ms, () => current === mine && then()),
      },
      reserve,
      reply: (replies) => replies.forEach((reply) => late.set(reply.id, reply)),
      trouble: (sentence) => troubles.push(sentence),
    })
  }
  let current: object = {}
  let engine = open()
  const begin: EngineRig['begin'] = (kind, queue, takes) => {
    const id = ++lastId
    engine.run([{ ...takes, id, kind, queue } as unknown as Work])
    return id
  }
  const ask: EngineRig['ask'] = (kind, queue, takes) => {
    const reply = late.get(begin(kind, queue, takes))
    if (reply === undefined) throw new Error(`${kind} waits`)
    if ('failure' in reply) throw new Error(reply.failure.message)
    return reply.value as never
  }
  return {
    clock,
    db,
    troubles,
    late,
    ask,
    begin,
    define: (name, attributes = {}) => void ask('define', name, { attributes, tags: {} }),
    receive: (queue, max = 10, more = {}) => [
      ...ask('receive', queue, { max, waitMs: 0, ...more }),
    ],
    send: (queue, ...bodies) =>
      void ask('send', queue, { messages: bodies.map((body) => ({ body })) }),
    restart: () => void (engine = open()),
    setWall: (byMs) => void (setMs += byMs),
  }
}
