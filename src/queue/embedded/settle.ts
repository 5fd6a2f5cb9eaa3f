import type { VisibilityChange } from '../queue.ts'
import type { OpenQueue } from './book.ts'
import { moved, refreshGroup, removeMessage, type Ground } from './ground.ts'
import { parseHandle } from './handle.ts'
import type { StateRow } from './rows.ts'
import { IN_FLIGHT, READY } from './schema.ts'

/** The message is done with: true where it is gone now. */
export function deleteOne(ground: Ground, queue: OpenQueue, handle: string): boolean {
  const parsed = parseHandle(handle)
  if (parsed === undefined) return false
  const row = ground.rows.one('find', queue.id, parsed.id)
  if (row === undefined) return true
  // Standard queues take the last handle even where its time is over, as SQS does.
  if (row.token !== parsed.token) return false
  if (queue.settings.fifo && row.state !== IN_FLIGHT) return false
  removeMessage(ground, queue, row)
  return true
}

/** Hides a message that is in flight until so long from now: true where it was in flight. */
export function changeOne(
  ground: Ground,
  queue: OpenQueue,
  { receiptHandle, timeoutMs }: VisibilityChange,
): boolean {
  const row = inFlight(ground, queue, receiptHandle)
  if (row === undefined) return false
  if (timeoutMs <= 0) show(ground, queue, row)
  else ground.rows.run('hideUntil', ground.time.nowMs() + Math.ceil(timeoutMs), queue.id, row.id)
  return true
}

/** As if it had never been received: in its old place, with its old count. */
export function putBackOne(ground: Ground, queue: OpenQueue, handle: string): void {
  const row = inFlight(ground, queue, handle)
  if (row === undefined) return
  ground.rows.run('untake', queue.id, row.id)
  returned(ground, queue, row)
}

/** Most that become visible within one transaction: others want their turn. */
const DUE_MAX = 1000

/** Shows all whose time has come; true where there are more of them. */
export function showDue(ground: Ground): boolean {
  const due = ground.rows.all('due', ground.time.nowMs(), DUE_MAX)
  for (const row of due) {
    const queue = ground.book.byId(row.queue)
    if (queue !== undefined) show(ground, queue, row)
    // Of a queue that is no more: it is collected with the rest.
    else ground.rows.run('show', row.rank, row.queue, row.id)
  }
  return due.length === DUE_MAX
}

/**
 * Makes a message visible. What was received before stands behind the next one: ahead of it, a message
 * that fails at once would be all that is ever received.
 */
function show(ground: Ground, queue: OpenQueue, row: StateRow): void {
  const stays = queue.settings.fifo || row.state !== IN_FLIGHT
  ground.rows.run('show', stays ? row.rank : queue.front + 1, queue.id, row.id)
  returned(ground, queue, row)
}

function returned(ground: Ground, queue: OpenQueue, { state, grp }: StateRow): void {
  moved(ground, queue, state, READY)
  if (queue.settings.fifo && grp !== null) {
    refreshGroup(ground, queue, grp, state === IN_FLIGHT ? -1 : 0)
  }
}

/** The message of a handle, while it is in flight. */
export function inFlight(ground: Ground, queue: OpenQueue, handle: string): StateRow | undefined {
  const parsed = parseHandle(handle)
  if (parsed === undefined) return undefined
  const row = ground.rows.one('find', queue.id, parsed.id)
  return row?.state === IN_FLIGHT && row.token === parsed.token ? row : undefined
}
