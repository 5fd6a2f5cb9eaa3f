import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SpillwayError } from '../../src/lib/errors.ts'
import { openEmbeddedQueues } from '../../src/queue/embedded/embedded.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

/** An eighth of it is the reserve: more than SQLite's log takes. */
const DISK_MB = 160

const mounted: string[] = []
after(() => mounted.forEach((folder) => execFileSync('umount', [folder])))

/** Undefined where nothing may be mounted. */
function smallDisk(megabytes: number): string | undefined {
  const folder = makeFolder()
  try {
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]
    execFileSync('mount', options, { stdio: 'ignore' })
    mounted.push(folder)
    return folder
  } catch {
    return undefined
  }
}

describe('On a disk that fills up', () => {
  test('sends are refused, what is there can be received and deleted, and then sends are taken again', async (t) => {
    const directory = smallDisk(DISK_MB)
    if (directory === undefined) return t.skip('!! SKIPPED: only root may mount a small disk')
    const queues = await openEmbeddedQueues({
      directory,
      senderId: '',
      arnOf: (name) => name,
      onTrouble: (sentence) => t.diagnostic(sentence),
      onBroken: (error) => assert.fail(error),
    })
    t.after(() => queues.close())
    await queues.define('q', { attributes: {}, tags: {} })
    const reserve = join(directory, 'queue.reserve')
    await until('the reserve', () => existsSync(reserve) && statSync(reserve).size >= 20_000_000)
    const messages = Array.from({ length: 100 }, () => ({ body: 'x'.repeat(10_000) }))
    let sent = 0
    const send = async (): Promise<void> => {
      for (;;) {
        await queues.send('q', messages)
        sent += messages.length
      }
    }
    await assert.rejects(
      send(),
      (error) => SpillwayError.is(error) && error.code === 'SPILLWAY_DISK_FULL',
    )
    assert.ok(sent > 0)
    // Fills what is left, as another program on this disk would.
    const filler = join(directory, 'filler')
    const dd = ['if=/dev/zero', `of=${filler}`, 'bs=64k']
    assert.throws(() => execFileSync('dd', dd, { stdio: 'ignore' }))
    let received = 0
    for (;;) {
      const some = await queues.receive('q', { max: 100, waitMs: 0 })
      if (some.length === 0) break
      received += some.length
      const handles = some.map(({ receiptHandle }) => receiptHandle)
      const gone = await queues.delete('q', handles)
      assert.ok(gone.every(Boolean))
    }
    assert.equal(received, sent)
    execFileSync('rm', [filler])
    await until('room', async () => {
      return await queues.send('q', [{ body: 'again' }]).then(
        () => true,
        () => false,
      )
    })
    assert.equal((await queues.counts('q')).visible, 1)
  })
})
