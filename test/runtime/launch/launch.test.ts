import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { has } from '../../support/confined.ts'
import { processesOf, stateOf } from '../../support/environments.ts'
import { makeFolder, writeFiles } from '../../support/service.ts'
import { until } from '../../support/until.ts'
import { openRig, release, resultOf } from '../rig.ts'

/** Not below `/tmp`, so that environments can have one of their own. */
const ELSEWHERE = '/var/tmp'

describe('An environment', () => {
  test('has a user of its own, which another has once it is gone', async (t) => {
    if (!has(t, 'users')) return
    const code = `const { existsSync } = require('node:fs')
exports.handler = async ({ hold }) => {
  while (hold !== undefined && !existsSync(process.env.FOLDER + '/' + hold)) await new Promise((r) => setTimeout(r, 5))
  return [process.getuid(), process.getgid(), process.getgroups().length, process.pid]
}`
    const rig = openRig(t, {
      files: { 'index.js': code },
      functions: [{ name: 'effect' }, { name: 'b' }],
    })
    type Who = [uid: number, gid: number, groups: number, pid: number]
    const both = [
      rig.invoke({ hold: 'go' }),
      rig.invoke({ hold: 'go' }, { functionName: 'b' }),
      rig.invoke({ hold: 'go' }),
    ]
    await until('three environments', () => rig.count('ready') === 3)
    release(rig, 'go')
    const who = (await Promise.all(both)).map((outcome) => resultOf(outcome) as Who)
    assert.equal(new Set(who.map(([uid]) => uid)).size, 3, 'those of one function too')
    for (const [uid, gid] of who) assert.ok(uid >= 20_000 && gid === uid)
    for (const [, , , pid] of who) process.kill(pid, 'SIGKILL')
    await until('all to be gone', () => rig.count('died') === 3)
    const [again] = resultOf(await rig.invoke({})) as Who
    assert.ok(who.some(([uid]) => uid === again))
  })

  test('has a home, which SDKs ask for, although the system does not know its user', async (t) => {
    const code = `exports.handler = async () => {
  require('node:fs').writeFileSync(require('node:os').homedir() + '/mine', '')
  return true
}`
    const rig = openRig(t, { files: { 'index.js': code } })
    assert.equal(resultOf(await rig.invoke({})), true)
  })

  test('takes along what it has started, in whatever session', async (t) => {
    if (!has(t, 'users')) return
    const code = `const { spawn } = require('node:child_process')
exports.handler = async () => {
  const child = spawn('/bin/sleep', ['600'], { detached: true, stdio: 'ignore' })
  child.unref()
  return [child.pid, process.pid, process.getuid()]
}`
    const rig = openRig(t, { files: { 'index.js': code } })
    const [child, pid, uid] = resultOf(await rig.invoke({})) as [number, number, number]
    assert.ok(stateOf(child) !== undefined)
    process.kill(pid, 'SIGKILL')
    await until('all of it to be gone', () => processesOf(uid).length === 0)
  })

  test('has a /tmp that no other sees, and that is empty at first', async (t) => {
    // What an environment needs is never hidden from it.
    if (import.meta.dirname.startsWith('/tmp/')) {
      return t.skip('!! SKIPPED: Spillway itself lies in /tmp, which all share then')
    }
    if (!has(t, 'mounts')) return
    const folder = makeFolder(
      {
        'index.js': `const { readdirSync, writeFileSync } = require('node:fs')
exports.handler = async ({ name }) => {
  const before = readdirSync('/tmp')
  writeFileSync('/tmp/' + name, '')
  return [before, process.env.TMPDIR ?? null, process.pid]
}`,
      },
      ELSEWHERE,
    )
    const rig = openRig(t, { functions: [{ name: 'effect', taskRoot: folder }] })
    // Another run may have left what is called the same.
    const mine = crypto.randomUUID()
    const first = resultOf(await rig.invoke({ name: mine })) as [string[], null, number]
    assert.deepEqual(first.slice(0, 2), [[], null])
    assert.deepEqual((resultOf(await rig.invoke({ name: 'x' })) as [string[]])[0], [mine])
    assert.ok(!existsSync(`/tmp/${mine}`))
    process.kill(first[2], 'SIGKILL')
    await until('its end', () => rig.count('died') === 1)
    assert.deepEqual((resultOf(await rig.invoke({ name: 'x' })) as [string[]])[0], [])
  })

  test('has a folder of its own in TMPDIR where its service lies in /tmp', async (t) => {
    const code = `const { accessSync } = require('node:fs')
exports.handler = async () => { accessSync(process.env.TMPDIR); return [process.env.TMPDIR, process.pid] }`
    const rig = openRig(t, { files: { 'index.js': code } })
    const [folder, pid] = resultOf(await rig.invoke({})) as [string, number]
    assert.ok(existsSync(folder))
    writeFileSync(join(folder, 'left'), '')
    process.kill(pid, 'SIGKILL')
    await until('its folder to be gone', () => !existsSync(folder))
  })
})

describe('Layers', () => {
  const layers = (root?: string) => {
    const folder = makeFolder(
      {
        'fn/index.js': `const { existsSync, readFileSync } = require('node:fs')
exports.handler = async () => [
  require('only-a'), require('only-b'), require('both'),
  existsSync('/opt/data.txt') ? readFileSync('/opt/data.txt', 'utf8') : null,
]`,
        'a/nodejs/node_modules/only-a/index.js': `module.exports = 'a'`,
        'a/nodejs/node_modules/both/index.js': `module.exports = 'of a'`,
        'a/data.txt': 'data of a',
        'b/nodejs/node_modules/only-b/index.js': `module.exports = 'b'`,
        'b/nodejs/node_modules/both/index.js': `module.exports = 'of b'`,
      },
      root,
    )
    return { taskRoot: join(folder, 'fn'), layers: [join(folder, 'a'), join(folder, 'b')] }
  }

  test('are merged in /opt, the last on top', async (t) => {
    if (!has(t, 'mounts')) return
    const rig = openRig(t, { functions: [{ name: 'effect', ...layers(ELSEWHERE) }] })
    assert.deepEqual(resultOf(await rig.invoke({})), ['a', 'b', 'of b', 'data of a'])
  })

  test('are found by variables where they cannot be mounted: such names cannot be merged', async (t) => {
    const folder = makeFolder()
    const { taskRoot, layers: own } = layers()
    writeFiles(folder, { 'a:b/nodejs/node_modules/both/index.js': `module.exports = 'third'` })
    const given = [...own, join(folder, 'a:b')]
    const rig = openRig(t, { functions: [{ name: 'effect', taskRoot, layers: given }] })
    // A colon parts the names in NODE_PATH too; what has none is found.
    assert.deepEqual(resultOf(await rig.invoke({})), ['a', 'b', 'of b', null])
  })
})

describe('A memory limit', () => {
  const EAT = `exports.handler = async ({ mb }) => {
  const eaten = []
  for (let n = 0; n < mb; n += 8) eaten.push(Buffer.alloc(8 << 20, 1))
  return eaten.length * 8
}`

  test('lets a function of 128 MB have 100, and ends it far above', async (t) => {
    if (!has(t, 'control groups')) return
    const rig = openRig(t, {
      files: { 'index.js': EAT },
      functions: [{ name: 'effect', memoryMb: 128 }],
    })
    assert.equal(resultOf(await rig.invoke({ mb: 96 })), 96)
    const outcome = await rig.invoke({ mb: 1024 })
    assert.ok(outcome.status === 'function_error')
    assert.equal(outcome.error.errorType, 'Runtime.OutOfMemory')
    assert.equal(resultOf(await rig.invoke({ mb: 8 })), 8, 'the next is served')
  })

  test('in a heap is told in V8’s words', async (t) => {
    const code = `exports.handler = async () => {
  const eaten = []
  for (;;) eaten.push({ text: 'x'.repeat(100) + eaten.length })
}`
    const rig = openRig(t, {
      files: { 'index.js': code },
      functions: [{ name: 'effect', memoryMb: 128, timeoutMs: 60_000 }],
    })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.equal(outcome.error.errorType, 'Runtime.OutOfMemory')
  })

  test('while a function is loaded is out of memory too', async (t) => {
    if (!has(t, 'control groups')) return
    const code = `globalThis.eaten = []
for (let n = 0; n < 1024; n += 8) globalThis.eaten.push(Buffer.alloc(8 << 20, 1))
exports.handler = async () => {}`
    const rig = openRig(t, { files: { 'index.js': code } })
    const outcome = await rig.invoke({})
    assert.ok(outcome.status === 'function_error')
    assert.deepEqual(
      [outcome.error.errorType, outcome.handlerStarted],
      ['Runtime.OutOfMemory', false],
    )
  })
})
