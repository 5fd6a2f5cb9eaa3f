import { toQueueSettings, type QueueSettings } from '../../model/queue-settings.ts'
import type { QueueFacts } from './protocol.ts'
import type { QueueRow, Rows } from './rows.ts'

/** A queue while the engine runs. */
export interface OpenQueue {
  readonly id: number
  readonly facts: QueueFacts
  readonly settings: QueueSettings
  /** How many messages are in each state. */
  readonly counts: [ready: number, delayed: number, inFlight: number]
  /** Standard queues: the rank of what was received last, and the last one given without a group. */
  front: number
  tail: number
}

/** The queues, with what would be slow to ask the tables for. Read anew after a rollback. */
export class Book {
  readonly #rows: Rows
  readonly #byName = new Map<string, OpenQueue>()
  readonly #byId = new Map<number, OpenQueue>()
  /** Numbers of queues with something to be received that was not there before. */
  readonly touched: Set<number> = new Set()

  constructor(rows: Rows) {
    this.#rows = rows
    this.load()
  }

  load(): void {
    this.#byName.clear()
    this.#byId.clear()
    this.touched.clear()
    for (const row of this.#rows.all('queues')) this.#add(row.id, factsOf(row))
    const counts = this.#rows.all('countStates')
    for (const { queue, state, count } of counts) {
      const open = this.#byId.get(queue)
      if (open === undefined) continue
      open.counts[state] = count
      this.touched.add(queue)
    }
    for (const open of this.#byId.values()) {
      const rank = (name: 'firstRank' | 'lastRank'): number | null =>
        this.#rows.one(name, open.id)?.rank ?? null
      open.front = (rank('firstRank') ?? 1) - 1
      open.tail = rank('lastRank') ?? open.front
    }
  }

  byName(name: string): OpenQueue | undefined {
    return this.#byName.get(name)
  }

  byId(id: number): OpenQueue | undefined {
    return this.#byId.get(id)
  }

  all(): Iterable<OpenQueue> {
    return this.#byId.values()
  }

  /** Makes a queue, or gives one other attributes and tags. */
  define(name: string, given: Pick<QueueFacts, 'attributes' | 'tags'>, nowMs: number): QueueFacts {
    const { attributes, tags } = given
    const known = this.#byName.get(name)
    const text = [JSON.stringify(attributes), JSON.stringify(tags)] as const
    if (known === undefined) {
      const row = this.#rows.one('insertQueue', name, ...text, nowMs, nowMs)
      return this.#add(row?.id ?? 0, {
        name,
        attributes,
        tags,
        createdMs: nowMs,
        modifiedMs: nowMs,
      }).facts
    }
    this.#rows.run('updateQueue', ...text, nowMs, known.id)
    const facts = { ...known.facts, attributes, tags, modifiedMs: nowMs }
    this.#put({ ...known, facts, settings: toQueueSettings(attributes) })
    return facts
  }

  /** Everything in it is gone at once, and collected later. */
  purge(queue: OpenQueue): void {
    const { name } = queue.facts
    this.#rows.run('renameQueue', `${name}\n${queue.id}`, queue.id)
    const id = this.#rows.one('renewQueue', name, queue.id)?.id ?? 0
    this.remove(queue)
    this.#add(id, queue.facts)
  }

  remove(queue: OpenQueue): void {
    this.#rows.run('deleteQueue', queue.id)
    this.#rows.run('addGarbage', queue.id)
    this.#byName.delete(queue.facts.name)
    this.#byId.delete(queue.id)
    this.touched.delete(queue.id)
  }

  #add(id: number, facts: QueueFacts): OpenQueue {
    const settings = toQueueSettings(facts.attributes)
    return this.#put({ id, facts, settings, counts: [0, 0, 0], front: 0, tail: 0 })
  }

  #put(queue: OpenQueue): OpenQueue {
    this.#byName.set(queue.facts.name, queue)
    this.#byId.set(queue.id, queue)
    return queue
  }
}

function factsOf({ name, attributes, tags, created_ms, modified_ms }: QueueRow): QueueFacts {
  return {
    name,
    attributes: JSON.parse(attributes) as Record<string, string>,
    tags: JSON.parse(tags) as Record<string, string>,
    createdMs: created_ms,
    modifiedMs: modified_ms,
  }
}
