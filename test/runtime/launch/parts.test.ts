import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { confine } from '../../../src/runtime/launch/command-line.ts'
import { version2 } from '../../../src/runtime/launch/control-groups.ts'
import type { Means } from '../../../src/runtime/launch/means.ts'
import { isGone, ownTag } from '../../../src/runtime/launch/owner.ts'
import { createReadableCheck, handlerFiles } from '../../../src/runtime/launch/readable.ts'
import { createUsers } from '../../../src/runtime/launch/users.ts'
import { makeFolder, writeFiles } from '../../support/service.ts'

describe('Users for environments', () => {
  test('are never the same for two servers of one machine', () => {
    const folder = makeFolder()
    const [one, other] = [createUsers(folder), createUsers(folder)]
    const taken = Array.from({ length: 1200 }, () => [one.take(), other.take()]).flat()
    assert.ok(taken.every((uid) => uid !== undefined && uid >= 20_000 && uid < 60_000))
    assert.equal(new Set(taken).size, taken.length)
  })

  test('come again once they are given back', () => {
    const users = createUsers(makeFolder())
    const uid = users.take() ?? 0
    users.giveBack(uid)
    assert.equal(users.take(), uid)
  })

  test('of a server that is gone are there for the next', async () => {
    const folder = makeFolder()
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    const dead = ownTag().replace(/^\d+/, String(child.pid))
    const claims = Array.from({ length: 40 }, (_, n) => `${20_000 + n * 1000}.${dead}`)
    writeFiles(folder, Object.fromEntries(claims.map((name) => [name, ''])))
    assert.ok(createUsers(folder).take() !== undefined)
  })
})

describe('The tag of a server', () => {
  test('is gone when the process is, or another has its id', async () => {
    assert.equal(isGone(ownTag()), false)
    const [pid, ticks, namespace] = ownTag().split('-')
    if (existsSync('/proc/self/stat')) {
      assert.equal(isGone(`${pid}-${Number(ticks) + 1}-${namespace}`), true)
    }
    const child = spawn(process.execPath, ['-e', ''])
    await once(child, 'exit')
    assert.equal(isGone(`${child.pid}-${ticks}-${namespace}`), true)
  })

  test('of another namespace, or what is none, says nothing', () => {
    assert.equal(isGone('1-1-4026531999'), false)
    assert.equal(isGone('mine'), false)
  })
})

describe('What others can read', () => {
  test('is told by the bits of a file and of every folder above it', () => {
    const folder = makeFolder({ 'open/a.js': '', 'shut/deep/b.js': '', 'open/c.js': '' })
    for (const name of ['open', 'shut', 'shut/deep']) chmodSync(join(folder, name), 0o755)
    chmodSync(join(folder, 'shut'), 0o700)
    chmodSync(join(folder, 'open/c.js'), 0o640)
    symlinkSync(join(folder, 'shut/deep/b.js'), join(folder, 'open/link.js'))
    const barred = (...names: string[]) =>
      createReadableCheck().firstBarred(names.map((name) => join(folder, name)))
    assert.equal(barred('open/a.js', 'open'), undefined)
    assert.equal(barred('open/a.js', 'shut/deep/b.js'), join(folder, 'shut'))
    assert.equal(barred('open/c.js'), join(folder, 'open/c.js'))
    assert.equal(barred('open/link.js'), join(folder, 'shut'), 'where a link leads')
    assert.equal(barred('missing.js'), undefined)
  })

  test('of a handler are the files that it may mean', () => {
    const folder = makeFolder({ 'src/lead.mjs': '', 'src/lead.test.js': '', 'src/leader.js': '' })
    assert.deepEqual(handlerFiles(folder, 'src/lead.handler'), [join(folder, 'src/lead.mjs')])
    assert.deepEqual(handlerFiles(folder, 'no/such.handler'), [])
  })
})

describe('A command', () => {
  const means: Means = {
    sh: '/bin/sh',
    drop: (uid) => ['/usr/bin/setpriv', `--reuid=${uid}`],
    users: true,
    mounts: { unshare: '/usr/bin/unshare', mount: '/usr/bin/mount' },
    overlay: true,
    env: '/usr/bin/env',
    missing: [],
  }
  const line = { command: '/usr/bin/node', args: ['a b'], env: { LD_PRELOAD: './x.so', A: '1' } }

  test('brings nothing of a function’s that a loader or shell acts on before it has dropped its rights', () => {
    const { args, env } = confine(line, means, { uid: 20_001 })
    assert.deepEqual(env, { A: '1' })
    const at = args.indexOf('/usr/bin/setpriv')
    const after = ['--reuid=20001', '/usr/bin/env', 'LD_PRELOAD=./x.so', '/usr/bin/node', 'a b']
    assert.deepEqual(args.slice(at + 1), after)
    // Under the server's own user there is nothing to be gained by them.
    assert.deepEqual(confine(line, means, {}).env, line.env)
  })

  test('keeps what comes from a manifest out of the shell’s text', () => {
    const evil = '/srv/$(touch x); "\'/tmp'
    const { command, args } = confine({ ...line, command: evil }, means, { tmp: evil, opt: [evil] })
    assert.equal(command, '/usr/bin/unshare')
    assert.ok(!args.some((each) => each.includes(evil) && each !== evil))
  })

  test('runs as it is where a machine has nothing to confine it with', () => {
    const none = { ...means, sh: undefined, drop: () => [], mounts: undefined }
    assert.deepEqual(confine(line, none, { tmp: '/x' }), line)
  })
})

describe('Control groups of version 2', () => {
  // Files in a folder stand for the kernel's, which few machines let a test have.
  test('move the server to a seat of its own, and limit memory and processes', () => {
    const own = makeFolder({
      'cgroup.controllers': 'cpu memory pids',
      'cgroup.subtree_control': '',
    })
    const groups = version2(own)
    assert.equal(readFileSync(join(own, 'cgroup.subtree_control'), 'utf8'), '+memory +pids')
    const seat = join(own, `spillway-server-${ownTag()}`)
    assert.equal(readFileSync(join(seat, 'cgroup.procs'), 'utf8'), String(process.pid))
    const group = groups?.create(64 * 2 ** 20)
    const folder = dirname(group?.procs ?? '')
    assert.equal(dirname(folder), own)
    const written = (name: string): string => readFileSync(join(folder, name), 'utf8')
    assert.deepEqual(
      ['memory.max', 'memory.swap.max', 'pids.max', 'memory.oom.group'].map(written),
      [String(64 * 2 ** 20), '0', '1024', '1'],
    )
    assert.equal(group?.outOfMemory(), false)
    writeFiles(folder, { 'memory.events': 'low 0\noom 3\noom_kill 1\noom_group_kill 1\n' })
    assert.equal(group?.outOfMemory(), true)
  })

  test('are not made where memory is not delegated', () => {
    const own = makeFolder({ 'cgroup.controllers': 'hugetlb', 'cgroup.subtree_control': '' })
    mkdirSync(join(own, 'x'))
    assert.equal(version2(own), undefined)
    assert.equal(readFileSync(join(own, 'cgroup.subtree_control'), 'utf8'), '')
  })
})
