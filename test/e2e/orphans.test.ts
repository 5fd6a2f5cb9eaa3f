import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, test, type TestContext } from 'node:test'
import { findOwnGroups } from '../../src/runtime/launch/control-groups.ts'
import { findLauncher } from '../../src/runtime/launch/launcher.ts'
import { startCli } from '../support/cli.ts'
import { has } from '../support/confined.ts'
import { environmentsOf, stateOf, userOf } from '../support/environments.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const LOOP = 'for (;;);'

function serverOf(t: TestContext, handler: string) {
  const manifest = `service: orphans
provider: { name: aws, runtime: nodejs24.x }
functions: { one: { handler: index.handler, timeout: 300 } }
`
  const folder = makeFolder({ 'serverless.yml': manifest, 'index.js': handler })
  return startCli(t, ['start', folder])
}

/** Calls the function and waits for nothing but its process. */
async function call(server: { aws: string; pid: number }): Promise<number> {
  const url = `${server.aws}/2015-03-31/functions/orphans-dev-one/invocations`
  void fetch(url, { method: 'POST', body: '{}' }).catch(() => {})
  return await until('its process', () => environmentsOf(server.pid)[0]?.pid)
}

/** Kills the server as nobody can be prepared for, and waits until the process is gone. */
async function assertDiesWith(t: TestContext, serverPid: number, pid: number): Promise<void> {
  assert.ok(!isGone(pid))
  const killedMs = performance.now()
  process.kill(serverPid, 'SIGKILL')
  await until('the environment to die with its server', () => isGone(pid))
  t.diagnostic(`gone after ${(performance.now() - killedMs).toFixed(0)} ms`)
}

function isGone(pid: number): boolean {
  return [undefined, 'Z'].includes(stateOf(pid))
}

function canTie(t: TestContext): boolean {
  if (findLauncher().means.drop(undefined).length > 0) return true
  t.skip('!! SKIPPED: there is no setpriv here to tie an environment that loops to its server')
  return false
}

describe('kill -9 of the server leaves no environment', () => {
  test('that is idle', async (t) => {
    const server = await serverOf(t, 'exports.handler = async () => process.pid')
    const url = `${server.aws}/2015-03-31/functions/orphans-dev-one/invocations`
    const pid = (await (await fetch(url, { method: 'POST', body: '{}' })).json()) as number
    await assertDiesWith(t, server.pid, pid)
  })

  test('that loops in its handler', async (t) => {
    if (!canTie(t)) return
    const looping = `exports.handler = async () => { console.log('LOOPING'); ${LOOP} }`
    const server = await serverOf(t, looping)
    const pid = await call(server)
    await server.line(/LOOPING/)
    await assertDiesWith(t, server.pid, pid)
  })

  test('that loops while it is loaded', async (t) => {
    if (!canTie(t)) return
    const server = await serverOf(t, `process.stdout.write('LOADING\\n'); ${LOOP}`)
    const pid = await call(server)
    await server.line(/LOADING/)
    await assertDiesWith(t, server.pid, pid)
  })

  test('that runs under a user of its own', async (t) => {
    if (!has(t, 'users')) return
    const looping = `exports.handler = async () => { console.log('LOOPING'); ${LOOP} }`
    const server = await serverOf(t, looping)
    const pid = await call(server)
    await server.line(/LOOPING/)
    assert.ok((userOf(pid) ?? 0) >= 20_000)
    await assertDiesWith(t, server.pid, pid)
  })

  test('and what it leaves on the machine is gone with the next start', async (t) => {
    const first = await serverOf(t, 'exports.handler = async () => process.pid')
    await call(first)
    await until('its folder', () => leftBy(first.pid).length > 0)
    await until('the start', () => environmentsOf(first.pid).length > 0)
    process.kill(first.pid, 'SIGKILL')
    await until('its end', () => !first.isUp())
    const second = await serverOf(t, 'exports.handler = async () => process.pid')
    // A control group goes when all that was in it has.
    await until('nothing to be left', async () => {
      await (
        await fetch(`${second.aws}/2015-03-31/functions/orphans-dev-one/invocations`, {
          method: 'POST',
          body: '{}',
        })
      ).text()
      return leftBy(first.pid).length === 0
    })
  })
})

/** Folders and control groups of a server. */
function leftBy(serverPid: number): string[] {
  const { v1, v2 } = findOwnGroups()
  const own = new RegExp(`^spillway-(tmp-|server-)?${serverPid}-`)
  return [tmpdir(), v1, v2]
    .filter((folder) => folder !== undefined)
    .flatMap((folder) => readdirSync(folder))
    .filter((name) => own.test(name))
}
