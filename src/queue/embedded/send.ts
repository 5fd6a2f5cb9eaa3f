import { hash, randomUUID } from 'node:crypto'
import { md5OfAttributes, md5OfBody } from '../md5.ts'
import type { NewMessage, SendResult } from '../queue.ts'
import { writeAttributes } from './attributes.ts'
import type { OpenQueue } from './book.ts'
import { checksumOf } from './checksum.ts'
import { moved, newRank, type Ground } from './ground.ts'
import { DELAYED, READY } from './schema.ts'

/** How long SQS knows a FIFO message again. */
const DEDUPLICATION_MS = 5 * 60_000
const SEQUENCE_DIGITS = 20

/** Adds messages; what FIFO queues know from the last five minutes counts as sent, and is not. */
export function send(
  ground: Ground,
  queue: OpenQueue,
  messages: readonly NewMessage[],
): SendResult[] {
  const { fifo } = queue.settings
  return messages.map((message) => {
    const sums: Sums = {
      md5OfBody: md5OfBody(message.body),
      md5OfAttributes: md5OfAttributes(message.attributes),
    }
    const sent = (fifo ? sendOnce : add)(ground, queue, message, sums)
    return {
      messageId: sent.messageId,
      md5OfBody: sums.md5OfBody,
      ...(sums.md5OfAttributes === undefined ? {} : { md5OfAttributes: sums.md5OfAttributes }),
      ...(fifo ? { sequenceNumber: sequenceNumber(sent.id) } : {}),
    }
  })
}

/** Twenty digits; later messages have greater ones. */
export function sequenceNumber(id: number): string {
  return String(id).padStart(SEQUENCE_DIGITS, '0')
}

interface Sums {
  readonly md5OfBody: string
  readonly md5OfAttributes: string | undefined
}

/** The message itself, or the one that it repeats. */
interface Sent {
  readonly id: number
  readonly messageId: string
}

function sendOnce(ground: Ground, queue: OpenQueue, message: NewMessage, sums: Sums): Sent {
  const { contentBasedDeduplication, deduplicatesPerGroup } = queue.settings
  const dedup =
    message.deduplicationId ??
    (contentBasedDeduplication ? hash('sha256', message.body) : undefined)
  if (dedup === undefined) return add(ground, queue, message, sums)
  const key = deduplicatesPerGroup ? JSON.stringify([message.groupId, dedup]) : dedup
  const nowMs = ground.time.nowMs()
  const known = ground.rows.one('findDedup', queue.id, key, nowMs)
  if (known !== undefined) return { id: known.id, messageId: known.message_id }
  const sent = add(ground, queue, { ...message, deduplicationId: dedup }, sums)
  const untilMs = nowMs + DEDUPLICATION_MS
  ground.rows.run('setDedup', queue.id, key, sent.id, sent.messageId, untilMs)
  return sent
}

function add(ground: Ground, queue: OpenQueue, message: NewMessage, sums: Sums): Sent {
  const { rows, time } = ground
  const { fifo } = queue.settings
  const id = ground.nextId()
  const messageId = randomUUID()
  const grp = message.groupId ?? (fifo ? messageId : null)
  const delayMs = fifo ? queue.settings.delayMs : (message.delayMs ?? queue.settings.delayMs)
  const state = delayMs > 0 ? DELAYED : READY
  const written = {
    id,
    queue: queue.id,
    grp,
    sent_ms: ground.wallMs(),
    message_id: messageId,
    body: message.body,
    attributes: writeAttributes(message.attributes),
    md5: sums.md5OfBody,
    md5_attributes: sums.md5OfAttributes ?? null,
    dedup: message.deduplicationId ?? null,
    trace: message.traceHeader ?? null,
    source: null,
  }
  const rank = newRank(ground, queue, id, grp)
  const dueMs = state === DELAYED ? time.nowMs() + delayMs : 0
  rows.run('insertMessage', queue.id, id, state, rank, dueMs, grp, written.sent_ms)
  const { body, attributes, md5, md5_attributes, dedup, trace } = written
  const text = [body, attributes, md5, md5_attributes, dedup, trace]
  rows.run('insertBody', id, messageId, ...text, checksumOf(written))
  if (fifo && grp !== null) rows.run('addGroup', queue.id, grp, state === READY ? rank : null)
  moved(ground, queue, undefined, state)
  return { id, messageId }
}
