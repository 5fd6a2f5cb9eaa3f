import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test, type TestContext } from 'node:test'
import { SpillwayError } from '../../src/lib/errors.ts'
import { openEmbeddedQueues, type EmbeddedQueues } from '../../src/queue/embedded/embedded.ts'
import { openQueues } from '../../src/queue/open-queues.ts'
import { runCommand } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

const FILE = 'queue.db'

async function open(t: TestContext, directory: string): Promise<EmbeddedQueues> {
  const queues = await openEmbeddedQueues({
    directory,
    senderId: '123456789012',
    arnOf: (name) => `arn:aws:sqs:us-east-1:123456789012:${name}`,
    onTrouble: (sentence) => t.diagnostic(sentence),
    onBroken: (error) => t.diagnostic(error.message),
  })
  t.after(() => queues.close())
  return queues
}

/** A process that sends so many messages, says so, and is killed then. */
async function sendAndDie(directory: string, count: number): Promise<void> {
  const child = fork(join(import.meta.dirname, 'sender.ts'), [directory, String(count)], {
    execArgv: ['--no-warnings'],
  })
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')
}

describe('The queues of a folder', () => {
  test('have after a kill what was acknowledged', async (t) => {
    const directory = makeFolder()
    await sendAndDie(directory, 25)
    const queues = await open(t, directory)
    assert.equal((await queues.counts('q')).visible, 25)
  })

  test('are nobody else’s to read', async (t) => {
    const directory = join(makeFolder(), 'data')
    const queues = await open(t, directory)
    await queues.define('q', { attributes: {}, tags: {} })
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of [FILE, `${FILE}-wal`]) {
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
    }
  })

  test('are one process’s at a time, and every other is told whose', async (t) => {
    const directory = makeFolder()
    await open(t, directory)
    // The second try here, and then another process: a refusal must not give up the lock.
    for (let i = 0; i < 2; i++) {
      await assert.rejects(
        open(t, directory),
        (error) =>
          SpillwayError.is(error) &&
          error.code === 'SPILLWAY_DATA_DIR_TAKEN' &&
          error.message.includes(`(pid ${process.pid})`) &&
          error.message.includes('--data-dir'),
      )
    }
    const sender = join(import.meta.dirname, 'sender.ts')
    const { stderr, exit } = await runCommand([process.execPath, sender, directory, '1'])
    assert.notEqual(exit, 0)
    assert.match(stderr, new RegExp(`is in use by .*\\(pid ${process.pid}\\)`))
  })

  test('can be opened again once they are closed, with all that was in them', async (t) => {
    const directory = makeFolder()
    const first = await open(t, directory)
    await first.define('q', { attributes: { DelaySeconds: '0' }, tags: { a: 'b' } })
    await first.send('q', [{ body: 'x' }])
    await first.close()
    assert.equal(existsSync(join(directory, `${FILE}-wal`)), false)
    const second = await open(t, directory)
    assert.deepEqual(second.get('q')?.tags, { a: 'b' })
    assert.equal((await second.counts('q')).visible, 1)
  })

  test('answer what was asked before they were closed, and refuse what comes after', async (t) => {
    const directory = makeFolder()
    const queues = await open(t, directory)
    await queues.define('q', { attributes: {}, tags: {} })
    const before = queues.send('q', [{ body: 'x' }])
    const waiting = queues.receive('q', { max: 1, waitMs: 600_000 })
    const closed = queues.close()
    await assert.rejects(queues.send('q', [{ body: 'y' }]), /the queues are closed/)
    await Promise.all([before, waiting, closed])
    const again = await open(t, directory)
    assert.equal((await again.counts('q')).visible, 1)
  })

  test('are left alone by a version that does not know their tables', async (t) => {
    const directory = makeFolder()
    await (await open(t, directory)).close()
    const db = new DatabaseSync(join(directory, FILE))
    db.exec('PRAGMA user_version = 99')
    db.close()
    await assert.rejects(open(t, directory), /written by a later Spillway .*version 99/)
  })

  for (const [what, damage] of Object.entries({
    'its beginning is not a database’s': (path: string) =>
      writeFileSync(path, Buffer.concat([Buffer.alloc(100), readFileSync(path).subarray(100)])),
    'half of it is missing': (path: string) => truncateSync(path, statSync(path).size / 2),
    'it is something else': (path: string) => writeFileSync(path, 'Dear diary,\n'.repeat(2000)),
  })) {
    test(`are not begun anew where the file is damaged: ${what}`, async (t) => {
      const directory = makeFolder()
      const queues = await open(t, directory)
      await queues.define('q', { attributes: {}, tags: {} })
      for (let i = 0; i < 50; i++) await queues.send('q', [{ body: 'x'.repeat(5000) }])
      await queues.close()
      const path = join(directory, FILE)
      damage(path)
      const before = readFileSync(path)
      await assert.rejects(
        open(t, directory),
        (error) =>
          SpillwayError.is(error) &&
          error.code === 'SPILLWAY_QUEUE_BROKEN' &&
          /is damaged .*\.recover/.test(error.message),
      )
      assert.deepEqual(readFileSync(path), before)
    })
  }

  test('are not opened where the log has lost what was acknowledged', async (t) => {
    const directory = makeFolder()
    await sendAndDie(directory, 20)
    const wal = join(directory, `${FILE}-wal`)
    const bytes = readFileSync(wal)
    const at = Math.floor(bytes.length / 2)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(wal, bytes)
    await assert.rejects(open(t, directory), /transactions in it cannot be read.*SPILLWAY_ACCEPT/)
    assert.deepEqual(readFileSync(wal), bytes, 'nothing was changed')
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(wal, bytes)
    assert.equal((await (await open(t, directory)).counts('q')).visible, 20)
  })

  test('are opened where the last write was torn: nobody was told it was there', async (t) => {
    const directory = makeFolder()
    await sendAndDie(directory, 20)
    const wal = join(directory, `${FILE}-wal`)
    truncateSync(wal, statSync(wal).size - 100)
    assert.equal((await (await open(t, directory)).counts('q')).visible, 19)
  })

  test('are forgotten by a second dev, which has its own', async (t) => {
    const directory = makeFolder()
    await open(t, directory)
    const troubles: string[] = []
    const second = await openQueues({
      accountId: '123456789012',
      region: 'us-east-1',
      mode: 'dev',
      dataDir: directory,
      clock: undefined,
      onTrouble: (sentence) => troubles.push(sentence),
      onBroken: () => {},
    })
    t.after(() => second.close())
    await second.define('q', { attributes: {}, tags: {} })
    assert.match(troubles.join(), /is in use by .* forgotten when it ends/)
  })
})

describe('An abort', () => {
  test('ends a wait at once, and takes nothing', async (t) => {
    const queues = await open(t, makeFolder())
    await queues.define('q', { attributes: {}, tags: {} })
    const abort = new AbortController()
    const waiting = queues.receive('q', { max: 1, waitMs: 600_000, signal: abort.signal })
    abort.abort()
    assert.deepEqual(await waiting, [])
    await queues.send('q', [{ body: 'x' }])
    const [message] = await queues.receive('q', { max: 1, waitMs: 0 })
    assert.equal(message?.receiveCount, 1)
  })

  test('in the moment of a message leaves it as if it had not been received', async (t) => {
    const queues = await open(t, makeFolder())
    await queues.define('q', { attributes: {}, tags: {} })
    let received = 0
    for (let i = 0; i < 20; i++) {
      const abort = new AbortController()
      const waiting = queues.receive('q', { max: 1, waitMs: 600_000, signal: abort.signal })
      await queues.send('q', [{ body: String(i) }])
      abort.abort()
      received += (await waiting).length
    }
    const { visible, inFlight } = await queues.counts('q')
    assert.deepEqual({ visible, inFlight }, { visible: 20 - received, inFlight: received })
    const rest = await queues.receive('q', { max: 10, waitMs: 0 })
    assert.ok(rest.every(({ receiveCount }) => receiveCount === 1))
  })
})

describe('Work for a queue that is not there', () => {
  test('is refused', async (t) => {
    const queues = await open(t, makeFolder())
    await assert.rejects(
      queues.send('nope', [{ body: 'x' }]),
      (error) => SpillwayError.is(error) && error.code === 'SPILLWAY_QUEUE_NOT_FOUND',
    )
  })
})
