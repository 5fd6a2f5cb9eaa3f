import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { startCli, type Server } from '../support/cli.ts'
import { environmentsOf, stateOf } from '../support/environments.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Each run leaves one line with its id in a file: its effect. `hold` keeps it running from then on. */
const FILES: Files = {
  'serverless.yml': `
service: deaths
provider: { name: aws, runtime: nodejs24.x, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
  effect: { handler: effect.handler, timeout: 60, events: [{ httpApi: GET /effect }] }
`,
  'effect.mjs': `
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
export const handler = async ({ queryStringParameters: { id, hold } }) => {
  if (hold === undefined) await after(Math.random() * 2)
  appendFileSync(join(process.env.FOLDER, 'effects'), id + '\\n')
  await after(hold === undefined ? Math.random() * 2 : 60_000)
  return { statusCode: 200, body: id }
}
`,
  effects: '',
}

interface Answer {
  readonly id: string
  readonly status: number
  readonly started: string | null
  readonly attempts: string | null
}

interface Rig {
  readonly server: Server
  readonly send: (id: string, hold?: 'hold') => Promise<Answer>
  /** How often each request had its effect. */
  readonly effects: () => ReadonlyMap<string, number>
  /** The only environment's process. */
  readonly environment: () => number
}

async function start(t: TestContext): Promise<Rig> {
  const folder = makeFolder(FILES)
  const server = await startCli(t, ['start', folder], { env: { FOLDER: folder } })
  return {
    server,
    async send(id, hold) {
      const response = await fetch(
        `${server.api}/effect?id=${id}${hold === undefined ? '' : '&hold=1'}`,
      )
      await response.arrayBuffer()
      return {
        id,
        status: response.status,
        started: response.headers.get('x-spillway-handler-started'),
        attempts: response.headers.get('x-spillway-attempts'),
      }
    },
    effects() {
      const counts = new Map<string, number>()
      for (const id of readFileSync(join(folder, 'effects'), 'utf8').split('\n').filter(Boolean)) {
        counts.set(id, (counts.get(id) ?? 0) + 1)
      }
      return counts
    },
    environment() {
      const pids = environmentsOf(server.pid).map(({ pid }) => pid)
      assert.equal(pids.length, 1)
      return pids[0] ?? 0
    },
  }
}

/** Resolves when a request has been handed to an environment and has no answer. */
async function handedOver({ admin }: Server): Promise<void> {
  const busy = /^spillway_environments\{function="deaths-dev-effect",state="busy"\} 1$/m
  await until('a busy environment', async () => {
    return busy.test(await (await fetch(`${admin}/metrics`)).text())
  })
}

/** Stops a process as the scheduler of a machine in trouble would: it is there, and does nothing. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until('a stopped process', () => stateOf(pid) === 'T')
}

describe('kill -9 of an environment', () => {
  test('that is idle is seen by nobody', async (t) => {
    const { send, environment, effects } = await start(t)
    await send('first')
    // Fewer than may be handed over again in one second.
    const ids = Array.from({ length: 8 }, (_, n) => `after-kill-${n}`)
    for (const id of ids) {
      process.kill(environment(), 'SIGKILL')
      const { status, attempts } = await send(id)
      assert.equal(status, 200)
      // Handed to the one that was dead already, or, once that was known, to a new one.
      assert.match(attempts ?? '', /^[12]$/)
    }
    assert.deepEqual(
      [...effects()],
      ['first', ...ids].map((id) => [id, 1]),
    )
  })

  test('that was handed a request and has not begun runs it once, elsewhere', async (t) => {
    const { server, send, environment, effects } = await start(t)
    await send('first')
    const pid = environment()
    await stop(pid)
    const answer = send('second')
    await handedOver(server)
    process.kill(pid, 'SIGKILL')
    assert.deepEqual(await answer, { id: 'second', status: 200, started: '1', attempts: '2' })
    assert.deepEqual(
      [...effects()],
      [
        ['first', 1],
        ['second', 1],
      ],
    )
  })

  test('that has begun is told to its caller and not repeated', async (t) => {
    const { send, environment, effects } = await start(t)
    const answer = send('one', 'hold')
    await until('its effect', () => effects().size === 1)
    process.kill(environment(), 'SIGKILL')
    assert.deepEqual(await answer, { id: 'one', status: 500, started: '1', attempts: '1' })
    assert.deepEqual([...effects()], [['one', 1]])
    // Who repeats it blindly, as a proxy would that sees a broken connection, has it run twice.
    await send('one')
    assert.deepEqual([...effects()], [['one', 2]])
  })

  test('under load loses nothing, runs nothing twice, and is told only to those it interrupted', async (t) => {
    const rig = await start(t)
    const answers = await runLoad(rig, { requests: 3000, atOnce: 16, answersPerKill: 75 })
    const effects = rig.effects()
    const failed = answers.filter(({ status }) => status !== 200)
    const retried = answers.filter(({ status, attempts }) => status === 200 && attempts !== '1')
    t.diagnostic(`${failed.length} interrupted, ${retried.length} done by a second environment`)

    const twice = [...effects].filter(([, count]) => count > 1)
    assert.deepEqual(twice, [], 'no effect twice')
    const lost = answers.filter(({ id, status }) => status === 200 && !effects.has(id))
    assert.deepEqual(lost, [], 'no success without its effect')
    const unfounded = failed.filter(({ status, started }) => status !== 500 || started !== '1')
    assert.deepEqual(unfounded, [], 'no error but for a handler that had begun')
    assert.ok(retried.length > 0, 'some were handed over a second time')
    assert.ok(rig.server.isUp())
  })
})

interface Load {
  readonly requests: number
  readonly atOnce: number
  /** One environment dies for so many answers. */
  readonly answersPerKill: number
}

/** Sends requests, so many at once, while random environments are killed; every second one is stopped first. */
async function runLoad({ server, send }: Rig, load: Load): Promise<Answer[]> {
  const answers: Answer[] = []
  const kills: Promise<void>[] = []
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent < load.requests) {
      answers.push(await send(String(sent++)))
      if (answers.length % load.answersPerKill === 0) kills.push(killOne(server, kills.length))
    }
  }
  await Promise.all(Array.from({ length: load.atOnce }, client))
  await Promise.all(kills)
  assert.equal(answers.length, load.requests)
  return answers
}

const STOPPED_MS = 20

async function killOne({ pid: serverPid }: Server, nth: number): Promise<void> {
  const pids = environmentsOf(serverPid).map(({ pid }) => pid)
  const pid = pids[Math.floor(Math.random() * pids.length)]
  if (pid === undefined) return
  try {
    if (nth % 2 === 1) {
      process.kill(pid, 'SIGSTOP')
      await after(STOPPED_MS) // Long enough for a request to be handed to it.
    }
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended in the meantime.
  }
}
