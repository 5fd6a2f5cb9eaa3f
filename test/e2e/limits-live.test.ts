import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { LimitsView } from '../../src/cli/admin-client.ts'
import { runCli, startCli, type Ran, type Server } from '../support/cli.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const FILES: Files = {
  'serverless.yml': `
service: live
provider: { name: aws, runtime: nodejs24.x, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
  load: { handler: h.handler, timeout: 60, events: [{ httpApi: GET /load }] }
  lead: { handler: h.handler, events: [{ httpApi: GET /lead }] }
`,
  'spillway.yml': `
groups:
  etl: { maxConcurrency: 4, maxWait: 30s, functions: [load] }
`,
  'h.mjs': `
import { existsSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
export const handler = async ({ queryStringParameters: { id } }) => {
  while (!existsSync(process.env.FOLDER + '/go-' + id) && !existsSync(process.env.FOLDER + '/go')) await after(5)
  return { statusCode: 200, body: id }
}
`,
}

interface Rig {
  readonly folder: string
  readonly start: () => Promise<Server>
  /** `spillway limits <words>` for a server. */
  readonly limits: (server: Server, words: string) => Promise<Ran>
}

function rig(t: TestContext): Rig {
  const folder = makeFolder(FILES)
  return {
    folder,
    start: () =>
      startCli(t, ['start', folder, '--data-dir', join(folder, '.spillway')], {
        env: { FOLDER: folder },
      }),
    limits: (server, words) => runCli(t, ['limits', ...words.split(' '), '--admin', server.admin]),
  }
}

async function view({ admin }: Server): Promise<LimitsView> {
  return (await (await fetch(`${admin}/api/limits`)).json()) as LimitsView
}

async function maxOfEtl(server: Server): Promise<number | null> {
  return (await view(server)).gate.groups.find(({ name }) => name === 'etl')?.maxConcurrency ?? null
}

function assertSaid(ran: Ran, ...lines: readonly string[]): void {
  assert.deepEqual(ran, { exit: 0, stderr: '', stdout: lines.map((line) => `${line}\n`).join('') })
}

describe('spillway limits set', () => {
  test('says what was, what is, and who still drains, under load', async (t) => {
    const { folder, start, limits } = rig(t)
    const server = await start()
    const all = Array.from({ length: 6 }, (_, id) => fetch(`${server.api}/load?id=${id}`))
    await until('4 that run and 2 that wait', async () => {
      const { gate } = await view(server)
      const waiting = gate.functions.find(({ name }) => name === 'live-dev-load')?.waiting
      return gate.account.inUse === 4 && waiting?.interactive === 2
    })
    assertSaid(
      await limits(server, 'set group:etl=1 fn:load.weight=2'),
      'group:etl: 4 → 1, 4 run now: over by 3, draining',
      'fn:live-dev-load.weight: none → 2',
    )
    const { stdout } = await limits(server, 'get')
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/))
    assert.deepEqual(
      rows.find(([name]) => name === 'group:etl'),
      ['group:etl', '1', '4', '2 interactive', 'over by 3, draining'],
    )
    assert.match(
      (await limits(server, 'set group:etl=6')).stdout,
      /^group:etl: 1 → 6, \d run now\n$/,
    )
    await until('6 that run', async () => (await view(server)).gate.account.inUse === 6)
    writeFileSync(join(folder, 'go'), '')
    for (const answer of await Promise.all(all)) assert.equal(answer.status, 200)
  })

  test('--for takes the change back by itself, and the log says so', async (t) => {
    const { start, limits } = rig(t)
    const server = await start()
    assertSaid(
      await limits(server, 'set group:etl=1 --for 2s'),
      'group:etl: 4 → 1, 0 run now, for 2s',
    )
    assert.equal(await maxOfEtl(server), 1)
    const line = JSON.parse(await server.line(/its 2s are over/)) as { change: object }
    assert.deepEqual(line.change, {
      by: 'spillway limits set',
      changes: [{ scope: 'group', name: 'etl', field: 'maxConcurrency', value: 4 }],
      why: 'its 2s are over',
    })
    assert.equal(await maxOfEtl(server), 4)
  })

  test('--save keeps the change beyond a restart, and without it a restart forgets', async (t) => {
    const { folder, start, limits } = rig(t)
    const first = await start()
    await limits(first, 'set group:etl=3')
    assert.equal(existsSync(join(folder, '.spillway/limits.json')), false)
    assertSaid(
      await limits(first, 'set fn:lead=5 group:etl.headroom.batch=1 --save'),
      'fn:live-dev-lead: none → 5, 0 run now, saved',
      'group:etl.headroom.batch: none → 1, saved',
    )
    await first.stop()

    const second = await start()
    await second.line(/"name":"live-dev-lead".*"why":"saved at 20/)
    const { config } = await view(second)
    assert.deepEqual(config.groups['etl'], {
      maxConcurrency: 4,
      maxWaitMs: 30_000,
      headroom: { batch: 1 },
    })
    assert.equal(config.functions['live-dev-lead']?.maxConcurrency, 5)
    await limits(second, 'set fn:lead=none group:etl.headroom.batch=none --save')
    const file = readFileSync(join(folder, '.spillway/limits.json'), 'utf8')
    assert.deepEqual(JSON.parse(file), { version: 1, changes: [] })
  })

  test('--save of a function that is gone is told at the start, and ignored', async (t) => {
    const { folder, start, limits } = rig(t)
    const first = await start()
    await limits(first, 'set fn:lead=5 --save')
    await first.stop()
    const manifest = (FILES['serverless.yml'] ?? '').replace(/^ {2}lead: .*$/m, '')
    writeFileSync(join(folder, 'serverless.yml'), manifest)
    const second = await start()
    await second.line(
      /the saved change of fn:live-dev-lead, made by .* is ignored: there is no function/,
    )
    assert.deepEqual(Object.keys((await view(second)).config.functions), ['live-dev-load'])
  })

  test('a damaged file of saved limits stops the start, and is named', async (t) => {
    const folder = makeFolder({ ...FILES, '.spillway/limits.json': '{"version":1' })
    const data = join(folder, '.spillway')
    const args = ['start', folder, '--data-dir', data, '--port', '0']
    const { exit, stderr } = await runCli(t, args, { env: { FOLDER: folder } })
    assert.equal(exit, 2)
    assert.match(stderr, /^spillway: \S+\.spillway\/limits\.json holds no saved limits: .*mend it/)
  })

  for (const [words, said] of [
    ['set account=5 --for 1m --save', 'a change is for a time (--for) or saved (--save), not both'],
    ['set account=5 --for soon', '--for: expected a duration such as 90s, 30m or 2h, got: "soon"'],
    ['set account=5 --for 0s', '--for: expected a duration such as 90s, 30m or 2h, got: "0s"'],
  ] as const) {
    test(`${words} is refused before anybody is asked`, async (t) => {
      const ran = await runCli(t, ['limits', ...words.split(' '), '--admin', 'http://127.0.0.1:9'])
      assert.deepEqual(ran, { exit: 2, stdout: '', stderr: `spillway: ${said}\n` })
    })
  }
})
