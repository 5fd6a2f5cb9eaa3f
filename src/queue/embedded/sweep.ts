import { removeMessage, type Ground } from './ground.ts'
import type { OldRow } from './rows.ts'
import { READY } from './schema.ts'

/** Most that one sweep of each kind takes: others want their turn. */
const SWEEP_MAX = 1000

/** Throws away what nobody is to see again; true where there is more of it. */
export function sweep(ground: Ground): boolean {
  const more = [forget(ground), collect(ground), expire(ground)]
  return more.includes(true)
}

/** Deduplication ids of more than five minutes ago. */
function forget({ rows, time }: Ground): boolean {
  return rows.change('forgetDedup', time.nowMs(), SWEEP_MAX) === SWEEP_MAX
}

/** What is left of queues that were purged or removed. */
function collect({ rows }: Ground): boolean {
  const queue = rows.one('garbage')?.queue
  if (queue === undefined) return false
  const found = rows.all('oldest', queue, SWEEP_MAX)
  for (const { id } of found) {
    rows.run('deleteMessage', queue, id)
    rows.run('deleteBody', id)
  }
  const groups = rows.change('deleteGroupsOf', queue, SWEEP_MAX)
  const known = rows.change('deleteDedupOf', queue, SWEEP_MAX)
  if (found.length === 0 && groups === 0 && known === 0) rows.run('deleteGarbage', queue)
  return true
}

/** What is older than its queue keeps it, whoever has it. */
function expire(ground: Ground): boolean {
  const nowMs = ground.time.nowMs()
  let more = false
  for (const queue of ground.book.all()) {
    const { retentionMs } = queue.settings
    const oldest = ground.rows.all('oldest', queue.id, SWEEP_MAX)
    const old = oldest.filter((row) => row.sent_ms + retentionMs <= nowMs)
    for (const row of old) removeMessage(ground, queue, row)
    if (old.length > 0) tell(ground, queue.facts.name, old)
    more ||= old.length === SWEEP_MAX
  }
  return more
}

function tell({ trouble }: Ground, name: string, old: readonly OldRow[]): void {
  const unread = old.filter(({ state }) => state === READY).length
  if (unread > 0)
    trouble(`queue ${name}: ${unread} messages were older than it keeps them, and are gone`)
}
