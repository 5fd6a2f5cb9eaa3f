import { readAttributes } from './attributes.ts'
import type { OpenQueue } from './book.ts'
import { checksumOf } from './checksum.ts'
import { left, moved, newRank, refreshGroup, removeMessage, type Ground } from './ground.ts'
import { newToken, toHandle } from './handle.ts'
import type { RawMessage, ReceiveWork } from './protocol.ts'
import type { MessageRow } from './rows.ts'
import { CLIENTS, IN_FLIGHT, OURS, READY } from './schema.ts'
import { sequenceNumber } from './send.ts'

/** Takes what is visible, in order, and hides it. What is too old, exhausted or corrupt is not given. */
export function take(ground: Ground, queue: OpenQueue, how: ReceiveWork): RawMessage[] {
  const taken: RawMessage[] = []
  const fetch = queue.settings.fifo ? fetcherOfGroups(ground, queue) : fetcher(ground, queue)
  while (taken.length < how.max) {
    const rows = fetch(how.max - taken.length)
    if (rows.length === 0) break
    for (const row of rows) {
      const message = takeOne(ground, queue, row, how)
      if (message !== undefined) taken.push(message)
    }
  }
  return taken
}

/** How many could be received now. Of FIFO queues, a thousand at most are counted. */
export function receivable({ rows }: Ground, { id, settings, counts }: OpenQueue): number {
  if (!settings.fifo) return counts[READY]
  return rows.one('countOpen', id, 1000)?.count ?? 0
}

/** Looks for the next ones to take. Each is taken or leaves, so that the next look sees others. */
type Fetch = (max: number) => MessageRow[]

function fetcher({ rows }: Ground, queue: OpenQueue): Fetch {
  return (max) => rows.all('ready', queue.id, max)
}

/**
 * Of the groups with nothing in flight, the one whose first message is the oldest; as far as its
 * messages are ready, and then the next group.
 */
function fetcherOfGroups({ rows }: Ground, queue: OpenQueue): Fetch {
  let grp: string | undefined
  let rank = 0
  return (max) => {
    if (grp !== undefined) {
      const more = untilDelayed(rows.all('ofGroup', queue.id, grp, rank, max))
      rank = more.at(-1)?.rank ?? rank
      if (more.length > 0) return more
    }
    grp = rows.one('openGroup', queue.id)?.grp
    if (grp === undefined) return []
    const first = untilDelayed(rows.all('ofGroup', queue.id, grp, 0, max))
    rank = first.at(-1)?.rank ?? 0
    return first
  }
}

/** What comes after a delayed message waits with it. */
function untilDelayed(rows: MessageRow[]): MessageRow[] {
  const end = rows.findIndex(({ state }) => state !== READY)
  return end === -1 ? rows : rows.slice(0, end)
}

function takeOne(
  ground: Ground,
  queue: OpenQueue,
  row: MessageRow,
  how: ReceiveWork,
): RawMessage | undefined {
  if (leaves(ground, queue, row)) return undefined
  const { fifo, visibilityTimeoutMs } = queue.settings
  const token = newToken()
  const firstMs = row.first_ms ?? ground.wallMs()
  const dueMs = ground.time.nowMs() + (how.visibilityTimeoutMs ?? visibilityTimeoutMs)
  const holder = how.byClient === true ? CLIENTS : OURS
  ground.rows.run('take', dueMs, firstMs, token, holder, queue.id, row.id)
  queue.front = Math.max(queue.front, row.rank)
  moved(ground, queue, READY, IN_FLIGHT)
  if (fifo && row.grp !== null) refreshGroup(ground, queue, row.grp, 1)
  return toMessage(row, { handle: toHandle(row.id, token), firstMs, fifo })
}

/** What must not be received again leaves the queue instead. */
function leaves(ground: Ground, queue: OpenQueue, row: MessageRow): boolean {
  const { redrive, retentionMs } = queue.settings
  const target = redrive === undefined ? undefined : ground.book.byName(redrive.target)
  if (row.sent_ms + retentionMs <= ground.time.nowMs()) removeMessage(ground, queue, row)
  else if (checksumOf(row) !== row.checksum) setAside(ground, queue, row)
  else if (redrive === undefined || target === undefined) return false
  else if (row.received < redrive.maxReceiveCount) return false
  else deadLetter(ground, queue, row, target)
  return true
}

/** Out of one queue and into the other: both or neither, as one transaction is. */
function deadLetter(ground: Ground, queue: OpenQueue, row: MessageRow, target: OpenQueue): void {
  const { rows } = ground
  const { id, grp } = row
  rows.run('deleteMessage', queue.id, id)
  left(ground, queue, READY, grp)
  const rank = newRank(ground, target, id, grp)
  rows.run('insertMessage', target.id, id, READY, rank, 0, grp, row.sent_ms)
  const source = queue.facts.name
  rows.run('deadLetter', source, checksumOf({ ...row, queue: target.id, source }), id)
  moved(ground, target, undefined, READY)
  if (target.settings.fifo && grp !== null) refreshGroup(ground, target, grp, 0)
}

function setAside(ground: Ground, queue: OpenQueue, row: MessageRow): void {
  const { name } = queue.facts
  ground.rows.run('setAside', name, row.id, ground.wallMs(), row.id)
  removeMessage(ground, queue, row)
  ground.trouble(
    `message ${row.message_id} of queue ${name} is not what was written: the disk has changed it. It is set aside in the table "corrupt", and not delivered`,
  )
}

function toMessage(
  row: MessageRow,
  { handle, firstMs, fifo }: { handle: string; firstMs: number; fifo: boolean },
): RawMessage {
  return {
    messageId: row.message_id,
    receiptHandle: handle,
    body: row.body,
    md5OfBody: row.md5,
    receiveCount: row.received + 1,
    sentMs: row.sent_ms,
    firstReceivedMs: firstMs,
    ...(row.attributes === null ? {} : { attributes: readAttributes(row.attributes) }),
    ...(row.md5_attributes === null ? {} : { md5OfAttributes: row.md5_attributes }),
    ...(row.grp === null ? {} : { groupId: row.grp }),
    ...(row.dedup === null ? {} : { deduplicationId: row.dedup }),
    ...(row.trace === null ? {} : { traceHeader: row.trace }),
    ...(row.source === null ? {} : { deadLetterSource: row.source }),
    ...(fifo ? { sequenceNumber: sequenceNumber(row.id) } : {}),
  }
}
