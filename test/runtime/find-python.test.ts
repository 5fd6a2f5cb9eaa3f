import assert from 'node:assert/strict'
import { chmodSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { concurrencyOf, unservedReason } from '../../src/runtime/command.ts'
import { findPython } from '../../src/runtime/find-python.ts'
import { isReachable } from '../../src/runtime/reachable.ts'
import { appOf } from '../aws/serve.ts'
import { makeFolder } from '../support/service.ts'

const PROGRAM = '\x7fELF'
const RUNTIME = 'python3.13'

/** A home with these programs in it. */
function home(t: TestContext, ...paths: readonly string[]): string {
  const folder = makeFolder(Object.fromEntries(paths.map((path) => [path, PROGRAM])))
  for (const path of paths) chmodSync(join(folder, path), 0o755)
  const before = process.env['HOME']
  process.env['HOME'] = folder
  t.after(() => (process.env['HOME'] = before))
  return folder
}

function find(env: NodeJS.ProcessEnv, taskRoot = '/nowhere', runtime = RUNTIME): unknown {
  return findPython(runtime, taskRoot, env)
}

describe('The Python of a function', () => {
  const managers = [
    ['pyenv', '.pyenv/versions/3.13.2/bin/python3.13'],
    ['mise', '.local/share/mise/installs/python/3.13.2/bin/python3.13'],
    ['uv', '.local/share/uv/python/cpython-3.13.2-linux-x86_64-gnu/bin/python3.13'],
  ] as const
  for (const [manager, path] of managers) {
    test(`is the one that ${manager} has installed`, (t) => {
      const folder = home(t, path)
      assert.deepEqual(find({}), { command: join(folder, path), exact: true })
    })
  }

  test('is the newest release of its version, by number', (t) => {
    const newest = '.pyenv/versions/3.13.10/bin/python3.13'
    const folder = home(t, '.pyenv/versions/3.13.9/bin/python3.13', newest)
    assert.deepEqual(find({}), { command: join(folder, newest), exact: true })
  })

  test('is looked for on PATH first, where a script is none', (t) => {
    const installed = '.pyenv/versions/3.13.2/bin/python3.13'
    const folder = home(t, installed, 'shims/python3.13', 'bin/python3.13')
    const shims = makeFolder({ 'python3.13': '#!/bin/sh\nexec pyenv' })
    assert.deepEqual(find({ PATH: `${shims}:${folder}/bin` }), {
      command: join(folder, 'bin/python3.13'),
      exact: true,
    })
    assert.deepEqual(find({ PATH: shims }), { command: join(folder, installed), exact: true })
  })

  test('is the newest that is here where its own is not, and none that is too old', (t) => {
    const folder = home(
      t,
      '.pyenv/versions/3.8.18/bin/python3.8',
      '.pyenv/versions/3.9.18/bin/python3.9',
      'bin/python3.12',
    )
    const env = { PATH: `${folder}/bin` }
    assert.deepEqual(find(env), { command: join(folder, 'bin/python3.12'), exact: false })
    assert.deepEqual(find({}), {
      command: join(folder, '.pyenv/versions/3.9.18/bin/python3.9'),
      exact: false,
    })
    assert.deepEqual(find(env, '/nowhere', 'python3.9'), {
      command: join(folder, '.pyenv/versions/3.9.18/bin/python3.9'),
      exact: true,
    })
  })

  test('may be a python3 on PATH that leads to a version', (t) => {
    const folder = home(t, 'lib/python3.11', 'bin/other')
    symlinkSync(join(folder, 'lib/python3.11'), join(folder, 'bin/python3'))
    assert.deepEqual(find({ PATH: `${folder}/bin` }), {
      command: join(folder, 'bin/python3'),
      exact: false,
    })
  })

  test("is the virtual environment's, in the task root before the active one", (t) => {
    const folder = home(
      t,
      '.pyenv/versions/3.13.2/bin/python3.13',
      'a/.venv/bin/python',
      'active/bin/python',
    )
    const own = makeFolder({ 'venv/bin/python': PROGRAM, 'venv/pyvenv.cfg': 'version = 3.13.0\n' })
    chmodSync(join(own, 'venv/bin/python'), 0o755)
    const env = { VIRTUAL_ENV: join(folder, 'active') }
    assert.deepEqual(find(env, own), { command: join(own, 'venv/bin/python'), exact: true })
    // Without its file it is a folder of that name.
    const installed = join(folder, '.pyenv/versions/3.13.2/bin/python3.13')
    assert.deepEqual(find(env, join(folder, 'a')), { command: installed, exact: true })
  })

  test('is not exact in a virtual environment of another version', (t) => {
    home(t)
    const own = makeFolder({
      '.venv/bin/python': PROGRAM,
      '.venv/pyvenv.cfg': 'home = /usr/bin\nversion_info = 3.11.7.final.0\n',
    })
    chmodSync(join(own, '.venv/bin/python'), 0o755)
    assert.deepEqual(find({}, own), { command: join(own, '.venv/bin/python'), exact: false })
  })

  test('is the one that its variable names, before all others, if it is there', (t) => {
    const folder = home(t, '.pyenv/versions/3.13.2/bin/python3.13', 'mine')
    const mine = join(folder, 'mine')
    assert.deepEqual(find({ SPILLWAY_PYTHON_313: mine }), { command: mine, exact: true })
    assert.deepEqual(find({ SPILLWAY_PYTHON_313: join(folder, 'gone') }), {
      command: join(folder, '.pyenv/versions/3.13.2/bin/python3.13'),
      exact: true,
    })
  })

  test('is none where there is none', (t) => {
    home(t, '.pyenv/versions/3.8.18/bin/python3.8', 'bin/python')
    assert.equal(find({ PATH: '/nowhere:/' }), undefined)
  })

  test('of root is one that every user may run, if there is one', (t) => {
    if (process.getuid?.() !== 0) return t.skip('!! SKIPPED: only root hands functions to others')
    const folder = home(t, '.pyenv/versions/3.13.2/bin/python3.13', 'bin/python3.11')
    const env = { PATH: join(folder, 'bin') }
    chmodSync(join(folder, '.pyenv'), 0o700)
    assert.deepEqual(find(env), { command: join(folder, 'bin/python3.11'), exact: false })
    assert.deepEqual(find({}), {
      command: join(folder, '.pyenv/versions/3.13.2/bin/python3.13'),
      exact: true,
    })
  })
})

test('a Python function where there is no Python is not served, and says what to do', (t) => {
  home(t)
  const before = process.env
  process.env = { PATH: '/nowhere' }
  t.after(() => (process.env = before))
  const [fn] = appOf([{ name: 'f', runtime: RUNTIME, taskRoot: '/nowhere' }]).functions
  assert.ok(fn !== undefined)
  assert.equal(
    unservedReason(fn),
    'there is no Python 3.9 or later here: install python3.13, or name it in SPILLWAY_PYTHON_313',
  )
})

test('an environment of Python runs one invocation at a time, whatever the function says', () => {
  const given = { environmentConcurrency: 8, taskRoot: '/nowhere' }
  const { functions } = appOf([
    { name: 'a', runtime: 'python3.13', ...given },
    { name: 'b', runtime: 'nodejs24.x', ...given },
  ])
  assert.deepEqual(functions.map(concurrencyOf), [1, 8])
})

test('a path can be reached when all its folders let everybody in, those of its link too', () => {
  const folder = makeFolder({ 'open/program': PROGRAM, 'closed/program': PROGRAM })
  const open = join(folder, 'open/program')
  const closed = join(folder, 'closed/program')
  const link = join(folder, 'open/link')
  for (const path of [open, closed]) chmodSync(path, 0o755)
  symlinkSync(closed, link)
  assert.deepEqual([open, closed, link].map(isReachable), [true, true, true])
  chmodSync(join(folder, 'closed'), 0o700)
  assert.deepEqual([open, closed, link].map(isReachable), [true, false, false])
  chmodSync(open, 0o700)
  assert.deepEqual([isReachable(open), isReachable(join(folder, 'gone'))], [false, false])
})
