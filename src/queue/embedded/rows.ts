import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { IN_FLIGHT, OURS, READY, type State } from './schema.ts'

/** What says where a message is. */
export interface StateRow {
  readonly queue: number
  readonly id: number
  readonly state: State
  readonly rank: number
  readonly grp: string | null
  readonly received: number
  readonly token: string | null
}

/** A message with its text. */
export interface MessageRow extends StateRow {
  readonly sent_ms: number
  readonly first_ms: number | null
  readonly message_id: string
  readonly body: string
  readonly attributes: string | null
  readonly md5: string
  readonly md5_attributes: string | null
  readonly dedup: string | null
  readonly trace: string | null
  readonly source: string | null
  readonly checksum: number
}

export interface QueueRow {
  readonly id: number
  readonly name: string
  readonly attributes: string
  readonly tags: string
  readonly created_ms: number
  readonly modified_ms: number
}

/** A message without its text. */
export interface OldRow {
  readonly id: number
  readonly state: State
  readonly grp: string | null
  readonly sent_ms: number
}

const STATE = 'm.queue, m.id, m.state, m.rank, m.grp, m.received, m.token'
const WHOLE = `${STATE}, m.sent_ms, m.first_ms, b.message_id, b.body, b.attributes, b.md5, b.md5_attributes, b.dedup, b.trace, b.source, b.checksum`
const WITH_BODY = 'messages m LEFT JOIN bodies b ON b.id = m.id'

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',

  insertMessage:
    'INSERT INTO messages (queue, id, state, rank, due_ms, grp, sent_ms, received) VALUES (?, ?, ?, ?, ?, ?, ?, 0)',
  insertBody:
    'INSERT INTO bodies (id, message_id, body, attributes, md5, md5_attributes, dedup, trace, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  lastOfGroup: 'SELECT max(rank) AS rank FROM messages WHERE queue = ? AND grp = ?',

  ready: `SELECT ${WHOLE} FROM ${WITH_BODY} WHERE m.queue = ? AND m.state = ${READY} ORDER BY m.rank, m.id LIMIT ?`,
  ofGroup: `SELECT ${WHOLE} FROM ${WITH_BODY} WHERE m.queue = ? AND m.grp = ? AND m.rank > ? ORDER BY m.rank LIMIT ?`,
  take: `UPDATE messages SET state = ${IN_FLIGHT}, due_ms = ?, received = received + 1, first_ms = ?, token = ?, holder = ? WHERE queue = ? AND id = ?`,
  find: `SELECT ${STATE} FROM messages m WHERE m.queue = ? AND m.id = ?`,
  hideUntil: 'UPDATE messages SET due_ms = ? WHERE queue = ? AND id = ?',
  show: `UPDATE messages SET state = ${READY}, rank = ?, due_ms = 0 WHERE queue = ? AND id = ?`,
  untake: `UPDATE messages SET state = ${READY}, due_ms = 0, received = received - 1, first_ms = iif(received = 1, NULL, first_ms) WHERE queue = ? AND id = ?`,
  deleteMessage: 'DELETE FROM messages WHERE queue = ? AND id = ?',
  deleteBody: 'DELETE FROM bodies WHERE id = ?',
  deadLetter: 'UPDATE bodies SET source = ?, checksum = ? WHERE id = ?',
  setAside:
    'INSERT INTO corrupt (queue, id, found_ms, message_id, body, attributes) SELECT ?, ?, ?, message_id, CAST(body AS BLOB), attributes FROM bodies WHERE id = ?',

  due: `SELECT ${STATE} FROM messages m WHERE m.state > ${READY} AND m.due_ms <= ? ORDER BY m.due_ms LIMIT ?`,
  nextDue: `SELECT due_ms FROM messages WHERE state > ${READY} ORDER BY due_ms LIMIT 1`,
  freeOurs: `UPDATE messages SET due_ms = 0 WHERE state = ${IN_FLIGHT} AND holder = ${OURS}`,
  oldestReady: `SELECT sent_ms FROM messages WHERE queue = ? AND +state = ${READY} ORDER BY id LIMIT 1`,

  headOfGroup: 'SELECT rank, state FROM messages WHERE queue = ? AND grp = ? ORDER BY rank LIMIT 1',
  addGroup:
    'INSERT INTO groups (queue, grp, in_flight, head) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING',
  setGroup:
    'INSERT INTO groups (queue, grp, in_flight, head) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET in_flight = in_flight + excluded.in_flight, head = excluded.head',
  deleteGroup: 'DELETE FROM groups WHERE queue = ? AND grp = ?',
  openGroup:
    'SELECT grp FROM groups WHERE queue = ? AND in_flight = 0 AND head IS NOT NULL ORDER BY head LIMIT 1',
  countOpen: `SELECT count(*) AS count FROM (SELECT 1 FROM groups g JOIN messages m ON m.queue = g.queue AND m.grp = g.grp WHERE g.queue = ? AND g.in_flight = 0 AND g.head IS NOT NULL AND m.state = ${READY} LIMIT ?)`,

  findDedup: 'SELECT id, message_id FROM dedup WHERE queue = ? AND key = ? AND until_ms > ?',
  setDedup:
    'INSERT OR REPLACE INTO dedup (queue, key, id, message_id, until_ms) VALUES (?, ?, ?, ?, ?)',
  forgetDedup:
    'DELETE FROM dedup WHERE (queue, key) IN (SELECT queue, key FROM dedup WHERE until_ms <= ? LIMIT ?)',

  queues: 'SELECT id, name, attributes, tags, created_ms, modified_ms FROM queues ORDER BY name',
  countStates: 'SELECT queue, state, count(*) AS count FROM messages GROUP BY queue, state',
  firstRank: `SELECT min(rank) AS rank FROM messages WHERE queue = ? AND state = ${READY}`,
  lastRank: `SELECT max(rank) AS rank FROM messages WHERE queue = ? AND state = ${READY}`,
  insertQueue:
    'INSERT INTO queues (name, attributes, tags, created_ms, modified_ms) VALUES (?, ?, ?, ?, ?) RETURNING id',
  updateQueue: 'UPDATE queues SET attributes = ?, tags = ?, modified_ms = ? WHERE id = ?',
  deleteQueue: 'DELETE FROM queues WHERE id = ?',
  renewQueue:
    'INSERT INTO queues (name, attributes, tags, created_ms, modified_ms) SELECT ?, attributes, tags, created_ms, modified_ms FROM queues WHERE id = ? RETURNING id',
  renameQueue: 'UPDATE queues SET name = ? WHERE id = ?',
  addGarbage: 'INSERT INTO garbage (queue) VALUES (?)',
  garbage: 'SELECT queue FROM garbage LIMIT 1',
  deleteGarbage: 'DELETE FROM garbage WHERE queue = ?',
  deleteGroupsOf:
    'DELETE FROM groups WHERE (queue, grp) IN (SELECT queue, grp FROM groups WHERE queue = ? LIMIT ?)',
  deleteDedupOf:
    'DELETE FROM dedup WHERE (queue, key) IN (SELECT queue, key FROM dedup WHERE queue = ? LIMIT ?)',
  oldest: 'SELECT id, state, grp, sent_ms FROM messages WHERE queue = ? ORDER BY id LIMIT ?',

  lastId:
    'SELECT max(coalesce((SELECT max(id) FROM bodies), 0), coalesce((SELECT max(id) FROM dedup), 0)) AS id',
  meta: 'SELECT value FROM meta WHERE key = ?',
  setMeta: 'INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)',
}

type Name = keyof typeof SQL

/** What statements that look something up find. */
interface Found {
  readonly lastOfGroup: { readonly rank: number | null }
  readonly ready: MessageRow
  readonly ofGroup: MessageRow
  readonly find: StateRow
  readonly due: StateRow
  readonly nextDue: { readonly due_ms: number }
  readonly oldestReady: { readonly sent_ms: number }
  readonly headOfGroup: { readonly rank: number; readonly state: State }
  readonly openGroup: { readonly grp: string }
  readonly countOpen: { readonly count: number }
  readonly findDedup: { readonly id: number; readonly message_id: string }
  readonly queues: QueueRow
  readonly countStates: { readonly queue: number; readonly state: State; readonly count: number }
  readonly firstRank: { readonly rank: number | null }
  readonly lastRank: { readonly rank: number | null }
  readonly insertQueue: { readonly id: number }
  readonly renewQueue: { readonly id: number }
  readonly garbage: { readonly queue: number }
  readonly oldest: OldRow
  readonly lastId: { readonly id: number }
  readonly meta: { readonly value: number }
}

/** Every statement, prepared once. */
export interface Rows {
  run(name: Exclude<Name, keyof Found>, ...values: SQLInputValue[]): void
  /** How many rows it changed. */
  change(name: Exclude<Name, keyof Found>, ...values: SQLInputValue[]): number
  one<K extends keyof Found>(name: K, ...values: SQLInputValue[]): Found[K] | undefined
  all<K extends keyof Found>(name: K, ...values: SQLInputValue[]): Found[K][]
}

export function prepareRows(db: DatabaseSync): Rows {
  const prepared = new Map<Name, StatementSync>()
  for (const [name, sql] of Object.entries(SQL)) prepared.set(name as Name, db.prepare(sql))
  const of = (name: Name): StatementSync => prepared.get(name) as StatementSync
  return {
    run: (name, ...values) => void of(name).run(...values),
    change: (name, ...values) => Number(of(name).run(...values).changes),
    one: (name, ...values) => of(name).get(...values) as never,
    all: (name, ...values) => of(name).all(...values) as never,
  }
}
