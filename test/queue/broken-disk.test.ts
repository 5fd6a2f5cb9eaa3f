import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { SpillwayError } from '../../src/lib/errors.ts'
import { openEmbeddedQueues } from '../../src/queue/embedded/embedded.ts'
import { makeDisk, whyNoDisk, type BreakableDisk } from '../chaos/breakable-disk.ts'
import { makeFolder } from '../support/service.ts'

const DISK_MB = 128
const reason = whyNoDisk()

const disks: BreakableDisk[] = []
after(() => disks.forEach((disk) => disk.unmount()))

function isBroken(error: unknown): boolean {
  return SpillwayError.is(error) && error.code === 'SPILLWAY_QUEUE_BROKEN'
}

describe('On a disk that fails', () => {
  const skip = reason === undefined ? false : `!! SKIPPED: ${reason}`
  test('the queues acknowledge nothing more, and say so once', { skip }, async () => {
    const disk = makeDisk(makeFolder(), DISK_MB)
    disks.push(disk)
    const told: unknown[] = []
    const queues = await openEmbeddedQueues({
      directory: join(disk.folder, 'queues'),
      senderId: '',
      arnOf: (name) => name,
      onTrouble: () => {},
      onBroken: (error) => told.push(error),
    })
    await queues.define('q', { attributes: {}, tags: {} })
    await queues.send('q', [{ body: 'kept' }])
    disk.cut()
    await assert.rejects(queues.send('q', [{ body: 'lost' }]), isBroken)
    // What it would say now is not what the disk has.
    await assert.rejects(queues.receive('q', { max: 1, waitMs: 0 }), isBroken)
    await assert.rejects(queues.counts('q'), isBroken)
    assert.equal(told.length, 1)
    assert.ok(isBroken(told[0]))
    await queues.close()
  })
})
