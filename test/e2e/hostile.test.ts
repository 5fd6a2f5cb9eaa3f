import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { has } from '../support/confined.ts'
import { processesOf, stateOf, userOf } from '../support/environments.ts'
import { CANARY, openBeside, type Beside } from '../support/hostile.ts'
import { writeFiles } from '../support/service.ts'
import { until } from '../support/until.ts'

/** The innocent function is served, by the same process as before. */
async function assertServed({ innocent, pidsOf }: Beside, pid?: number): Promise<number> {
  const { status, body, error } = await innocent()
  assert.deepEqual([status, error], [200, null])
  const { served } = body as { served: number }
  assert.ok(pidsOf('innocent').includes(served))
  if (pid !== undefined) assert.equal(served, pid)
  return served
}

describe('A hostile function', () => {
  test('finds nothing of the others in /proc', async (t) => {
    if (!has(t, 'users')) return
    const beside = await openBeside(
      t,
      `
const { readdirSync, readFileSync, readlinkSync } = require('node:fs')
exports.handler = async ({ canary }) => {
  let seen = 0
  const found = []
  const look = (path, read) => {
    try {
      seen++
      if (String(read(path)).includes(canary)) found.push(path)
    } catch {}
  }
  for (const pid of readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const file of ['environ', 'cmdline', 'maps', 'cwd', 'root']) look('/proc/' + pid + '/' + file, readFileSync)
    try {
      for (const fd of readdirSync('/proc/' + pid + '/fd')) look('/proc/' + pid + '/fd/' + fd, readlinkSync)
    } catch {}
  }
  return { seen, found }
}`,
    )
    const pid = await assertServed(beside)
    const { body } = await beside.hostile({ canary: CANARY })
    const { seen, found } = body as { seen: number; found: string[] }
    assert.deepEqual(found, [])
    assert.ok(seen > 0)
    await assertServed(beside, pid)
  })

  test('cannot signal others, nor the server', async (t) => {
    if (!has(t, 'users')) return
    const beside = await openBeside(
      t,
      `
exports.handler = async ({ pids }) => {
  if (process.getuid() < 20000) throw new Error('it would be able to')
  return pids.map((pid) => {
    try { return process.kill(pid, 'SIGKILL') } catch ({ code }) { return code }
  })
}`,
    )
    const pid = await assertServed(beside)
    const { body } = await beside.hostile({ pids: [pid, beside.server.pid] })
    assert.deepEqual(body, ['EPERM', 'EPERM'])
    await assertServed(beside, pid)
  })

  test('that forks without end stops at its own limit, and all of it is gone after', async (t) => {
    if (!has(t, 'users')) return
    const beside = await openBeside(
      t,
      `
const { spawn } = require('node:child_process')
exports.handler = async () => {
  if (process.getuid() < 20000) throw new Error('nothing would stop it')
  spawn('/bin/sh', ['-c', 'f() { f & f & }; f'], { detached: true })
  for (;;);
}`,
      { timeoutS: 1 },
    )
    const pid = await assertServed(beside)
    const over = beside.hostile()
    const bomber = await until('its process', () => beside.pidsOf('hostile')[0])
    const uid = await until('its user', () => {
      const own = userOf(bomber) ?? 0
      return own >= 20_000 ? own : undefined
    })
    await assertServed(beside, pid)
    const { body } = await over
    assert.equal((body as { errorType: string }).errorType, 'Sandbox.Timedout')
    await until('all of it to be gone', () => processesOf(uid).length === 0)
    await assertServed(beside, pid)
  })

  test('that eats memory in Buffers ends as out of memory, alone', async (t) => {
    if (!has(t, 'control groups')) return
    const beside = await openBeside(
      t,
      `
exports.handler = async () => {
  const eaten = []
  for (let mb = 0; mb < 2048; mb += 16) eaten.push(Buffer.alloc(16 << 20, 1))
  return eaten.length
}`,
    )
    const pid = await assertServed(beside)
    const { status, body, error } = await beside.hostile()
    assert.deepEqual([status, error], [200, 'Unhandled'])
    assert.equal((body as { errorType: string }).errorType, 'Runtime.OutOfMemory')
    await assertServed(beside, pid)
  })

  test('that eats memory in a child, in a session of its own, has that killed', async (t) => {
    if (!has(t, 'control groups')) return
    const eat = 'const a = []; for (let n = 0; n < 128; n++) a.push(Buffer.alloc(16 << 20, 1))'
    const beside = await openBeside(
      t,
      `
const { spawn } = require('node:child_process')
exports.handler = () => new Promise((resolve) => {
  const child = spawn(process.execPath, ['-e', ${JSON.stringify(eat)}], { detached: true })
  child.on('exit', (code, signal) => resolve({ code, signal }))
})`,
    )
    const pid = await assertServed(beside)
    const { body } = await beside.hostile()
    const { signal, errorType } = body as { signal?: string; errorType?: string }
    // Where the kernel ends a group as a whole, the environment ends with it.
    assert.ok(signal === 'SIGKILL' || errorType === 'Runtime.OutOfMemory', JSON.stringify(body))
    await assertServed(beside, pid)
  })

  test('that ignores SIGTERM ends all the same', async (t) => {
    const beside = await openBeside(
      t,
      `
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {})
exports.handler = async () => { for (;;); }`,
      { timeoutS: 1 },
    )
    const pid = await assertServed(beside)
    const over = beside.hostile()
    const hostile = await until('its process', () => beside.pidsOf('hostile')[0])
    process.kill(hostile, 'SIGTERM')
    const { body } = await over
    assert.equal((body as { errorType: string }).errorType, 'Sandbox.Timedout')
    await until('it to be gone', () => [undefined, 'Z'].includes(stateOf(hostile)))
    await assertServed(beside, pid)
    const running = beside.hostile().catch(() => {})
    await until('its process', () => beside.pidsOf('hostile')[0])
    await beside.server.stop()
    await running
  })

  test('that forges marks and frames harms itself alone', async (t) => {
    const beside = await openBeside(
      t,
      `
const { writeSync } = require('node:fs')
exports.handler = async ({ fd, times }) => {
  for (let n = 0; n < times; n++) {
    const forged = Buffer.alloc(64, 0xff)
    if (fd === 5) forged.writeUInt32LE(1000 + n)
    try { writeSync(fd, forged, 0, 64, fd === 5 ? 0 : null) } catch {}
  }
  return 'done'
}`,
    )
    const pid = await assertServed(beside)
    const rubbish = await beside.hostile({ fd: 4, times: 8 })
    assert.deepEqual([rubbish.status, rubbish.error], [200, 'Unhandled'])
    await beside.hostile({ fd: 5, times: 8 })
    await Promise.all(Array.from({ length: 20 }, () => assertServed(beside, undefined)))
    // It is replaced, or goes on: either way its next invocation is answered.
    assert.equal((await beside.hostile({ fd: 4, times: 0 })).status, 200)
    await assertServed(beside, undefined)
    assert.ok(beside.pidsOf('innocent').includes(pid))
  })

  test('that answers for others at every port of the server is heard by none', async (t) => {
    const beside = await openBeside(
      t,
      `
exports.handler = async ({ urls, ids }) => {
  const statuses = []
  for (const url of urls) {
    for (const id of ids) {
      for (const what of ['invocation/' + id + '/response', 'invocation/' + id + '/error', 'init/error']) {
        const path = url + '/2018-06-01/runtime/' + what
        const { status } = await fetch(path, { method: 'POST', body: '{"forged":true}' })
        statuses.push(status)
      }
    }
    statuses.push((await fetch(url + '/2018-06-01/runtime/invocation/next')).status)
  }
  return statuses
}`,
    )
    const pid = await assertServed(beside)
    const hold = join(beside.folder, 'go')
    const held = beside.innocent({ hold })
    const { api, aws, admin } = beside.server
    const ids = ['1', '2', '00000000-0000-0000-0000-000000000000', pid]
    const { body } = await beside.hostile({ urls: [api, aws, admin], ids })
    assert.ok(Array.isArray(body) && body.every((status) => status >= 400), JSON.stringify(body))
    writeFiles(beside.folder, { go: '' })
    assert.deepEqual((await held).body, { served: pid })
  })

  test('has no privilege, and can gain none', async (t) => {
    if (!has(t, 'users')) return
    const beside = await openBeside(
      t,
      `
const { readFileSync, writeFileSync } = require('node:fs')
const { spawnSync } = require('node:child_process')
const tryTo = (act) => { try { act(); return 'done' } catch ({ code }) { return code } }
exports.handler = async () => ({
  status: readFileSync('/proc/self/status', 'utf8'),
  limits: readFileSync('/proc/self/limits', 'utf8'),
  task: tryTo(() => writeFileSync('/etc/spillway-was-here', '')),
  mount: spawnSync('mount', ['-t', 'tmpfs', 'none', '/mnt']).status,
  root: tryTo(() => process.setuid(0)),
})`,
    )
    const { body } = await beside.hostile()
    const { status, limits, task, mount, root } = body as Record<string, string>
    for (const line of [
      /^NoNewPrivs:\s1$/m,
      /^CapEff:\s0+$/m,
      /^CapBnd:\s0+$/m,
      /^CapPrm:\s0+$/m,
    ]) {
      assert.match(status ?? '', line)
    }
    assert.match(status ?? '', /^Uid:\s(2\d{4}|3\d{4}|4\d{4}|5\d{4})\s/m)
    assert.match(status ?? '', /^Groups:\s*$/m)
    assert.match(limits ?? '', /^Max open files\s+1024\s+1024/m)
    assert.match(limits ?? '', /^Max core file size\s+0\s+0/m)
    assert.match(limits ?? '', /^Max processes\s+1024\s+1024/m)
    assert.equal(task, 'EACCES')
    assert.notEqual(mount, 0)
    assert.equal(root, 'EPERM')
    await assertServed(beside)
  })
})
