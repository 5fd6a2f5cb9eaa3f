import type { Book, OpenQueue } from './book.ts'
import type { LogicalTime } from './logical-time.ts'
import type { Rows } from './rows.ts'
import { IN_FLIGHT, READY, type State } from './schema.ts'

/** What every piece of work stands on. */
export interface Ground {
  readonly rows: Rows
  readonly book: Book
  readonly time: LogicalTime
  /** For what people read: the machine's own clock. */
  readonly wallMs: () => number
  readonly nextId: () => number
  /** Something that somebody should know, in a sentence. */
  readonly trouble: (sentence: string) => void
}

/**
 * Where a new message of a standard queue stands in its line. Groups take turns: each message's rank is
 * one above its group's last one, and never below what is being received now (start-time fair
 * queueing). So a group that has sent ten thousand delays only itself.
 */
export function newRank(
  { rows }: Ground,
  queue: OpenQueue,
  id: number,
  grp: string | null,
): number {
  if (queue.settings.fifo) return id
  if (grp === null) return (queue.tail = Math.max(queue.tail, queue.front) + 1)
  const last = rows.one('lastOfGroup', queue.id, grp)?.rank ?? 0
  return Math.max(last, queue.front) + 1
}

/** Counts a message in another state; `undefined` is outside of the queue. */
export function moved(
  { book }: Ground,
  queue: OpenQueue,
  from: State | undefined,
  to: State | undefined,
): void {
  if (from !== undefined) queue.counts[from]--
  if (to !== undefined) queue.counts[to]++
  if (to === READY) book.touched.add(queue.id)
}

/** Has a FIFO group know what stands first in it, and how many more of it are in flight now. */
export function refreshGroup(
  { rows, book }: Ground,
  queue: OpenQueue,
  grp: string,
  inFlight: number,
): void {
  const head = rows.one('headOfGroup', queue.id, grp)
  if (head === undefined) return rows.run('deleteGroup', queue.id, grp)
  rows.run('setGroup', queue.id, grp, inFlight, head.state === READY ? head.rank : null)
  book.touched.add(queue.id)
}

/** Takes a message out of the tables. */
export function removeMessage(
  ground: Ground,
  queue: OpenQueue,
  { id, state, grp }: { readonly id: number; readonly state: State; readonly grp: string | null },
): void {
  ground.rows.run('deleteMessage', queue.id, id)
  ground.rows.run('deleteBody', id)
  left(ground, queue, state, grp)
}

/** A message is no longer in the queue. */
export function left(ground: Ground, queue: OpenQueue, state: State, grp: string | null): void {
  moved(ground, queue, state, undefined)
  if (queue.settings.fifo && grp !== null) refreshGroup(ground, queue, grp, inFlightBy(state))
}

function inFlightBy(state: State): number {
  return state === IN_FLIGHT ? -1 : 0
}
