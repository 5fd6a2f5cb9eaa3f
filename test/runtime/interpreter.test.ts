import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { findNode as findFromSources } from '../../src/runtime/interpreter.ts'
import { makeFolder } from '../support/service.ts'

// From the sources every function runs on the server's own Node; what is published looks for others.
const built = new URL('../../dist/runtime/interpreter.js', import.meta.url).href
const { findNode } = (await import(built)) as { findNode: typeof findFromSources }

const OWN_MAJOR = Number(process.versions.node.split('.')[0])
/** Not the server's own, and new enough. */
const MAJOR = OWN_MAJOR === 22 ? 24 : 22
const RUNTIME = `nodejs${MAJOR}.x`
const OWN = { command: process.execPath, exact: false }

const NVM = '.nvm/versions/node'
const FNM = '.local/share/fnm/node-versions'
const MISE = '.local/share/mise/installs/node'

/** A home with these interpreters in it. */
function home(t: TestContext, ...paths: readonly string[]): string {
  const folder = makeFolder(Object.fromEntries(paths.map((path) => [path, ''])))
  const before = process.env['HOME']
  process.env['HOME'] = folder
  t.after(() => (process.env['HOME'] = before))
  return folder
}

describe('The Node of a function', () => {
  const managers = [
    ['nvm', `${NVM}/v${MAJOR}.3.0/bin/node`],
    ['fnm', `${FNM}/v${MAJOR}.3.0/installation/bin/node`],
    ['mise', `${MISE}/${MAJOR}.3.0/bin/node`],
  ] as const
  for (const [manager, path] of managers) {
    test(`is the one that ${manager} has installed`, (t) => {
      const folder = home(t, path)
      assert.deepEqual(findNode(RUNTIME, {}), { command: join(folder, path), exact: true })
    })
  }

  test('is the newest of its major, by number, and of those that are whole', (t) => {
    const newest = `${NVM}/v${MAJOR}.10.0/bin/node`
    const folder = home(
      t,
      `${NVM}/v${MAJOR}.9.1/bin/node`,
      newest,
      `${NVM}/v${MAJOR}.11.0/bin/npm`,
      `${NVM}/v${MAJOR}0.0.0/bin/node`,
      `${NVM}/v1.${MAJOR}.0/bin/node`,
    )
    assert.deepEqual(findNode(RUNTIME, {}), { command: join(folder, newest), exact: true })
  })

  test('is the one that its variable names, before all others, if it is there', (t) => {
    const installed = `${NVM}/v${MAJOR}.3.0/bin/node`
    const folder = home(t, installed, 'my-node')
    const variable = `SPILLWAY_NODE_${MAJOR}`
    const mine = join(folder, 'my-node')
    assert.deepEqual(findNode(RUNTIME, { [variable]: mine }), { command: mine, exact: true })
    const missing = { [variable]: join(folder, 'none') }
    assert.equal(findNode(RUNTIME, missing).command, join(folder, installed))
  })

  test('is looked for where the managers have been told to install', (t) => {
    const folder = home(
      t,
      `a/versions/node/v${MAJOR}.1.0/bin/node`,
      `b/node-versions/v${MAJOR}.2.0/installation/bin/node`,
      `c/installs/node/${MAJOR}.3.0/bin/node`,
      `d/mise/installs/node/${MAJOR}.4.0/bin/node`,
    )
    const at = (env: Record<string, string>): string => {
      const given = Object.entries(env).map(([name, path]) => [name, join(folder, path)])
      return findNode(RUNTIME, Object.fromEntries(given) as Record<string, string>).command
    }
    assert.match(at({ NVM_DIR: 'a' }), /1\.0\/bin\/node$/)
    assert.match(at({ FNM_DIR: 'b' }), /2\.0\/installation\/bin\/node$/)
    assert.match(at({ MISE_DATA_DIR: 'c' }), /3\.0\/bin\/node$/)
    assert.match(at({ XDG_DATA_HOME: 'd' }), /4\.0\/bin\/node$/)
  })

  test("is the server's own where that is the one, or no other is found", (t) => {
    home(t, `${NVM}/v${OWN_MAJOR}.999.0/bin/node`, `${NVM}/v18.20.0/bin/node`)
    assert.deepEqual(findNode(`nodejs${OWN_MAJOR}.x`, {}), { ...OWN, exact: true })
    assert.deepEqual(findNode(RUNTIME, {}), OWN)
    assert.deepEqual(findNode('nodejs18.x', {}), OWN, 'too old for the bootstrap')
    assert.deepEqual(findNode('python3.13', {}), OWN)
  })

  test("is the server's own while it runs from its sources", (t) => {
    home(t, `${NVM}/v${MAJOR}.3.0/bin/node`)
    assert.deepEqual(findFromSources(RUNTIME, {}), OWN)
  })
})
