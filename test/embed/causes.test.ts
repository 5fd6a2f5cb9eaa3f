import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createSpillway, type Spillway } from '../../src/index.ts'
import { createLog } from '../../src/lib/log.ts'
import { ManifestError } from '../../src/lib/errors.ts'
import type { App } from '../../src/model/app.ts'
import type { Schedule } from '../../src/model/background.ts'
import { appOf } from '../conformance/app.ts'
import { LEAVES_EVENT } from '../conformance/left-event.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const PLACE = { file: 'serverless.yml', line: 7, column: 9 }

function appWith(taskRoot: string, schedule: Partial<Schedule>): App {
  return {
    ...appOf([{ name: 'f', taskRoot }]),
    background: {
      queues: [],
      queueSources: [],
      rules: [],
      subscriptions: [],
      bucketNotifications: [],
      asyncConfigs: {},
      schedules: [
        {
          name: 's',
          functionName: 'f',
          expression: 'rate(1 day)',
          kind: 'scheduler',
          timeZone: 'UTC',
          enabled: true,
          place: PLACE,
          ...schedule,
        },
      ],
    },
  }
}

/** `at(…)` in so many seconds, for a reload: a start may take longer. */
const soon = (seconds: number): string =>
  `at(${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)})`

async function start(t: TestContext, app: App, dataDir?: string): Promise<Spillway> {
  const spillway = await createSpillway({
    app,
    mode: 'dev',
    onLog: () => {},
    log: createLog('silent'),
    ...(dataDir === undefined ? {} : { dataDir }),
  })
  t.after(async () => await spillway.close())
  return spillway
}

describe('A running Spillway', () => {
  test('fires schedules, those of a reload included, and writes down what has fired', async (t) => {
    const folder = makeFolder({ 'index.js': LEAVES_EVENT })
    const dataDir = join(makeFolder(), 'data')
    const spillway = await start(t, appWith(folder, {}), dataDir)
    const input = '{"arn":"<aws.scheduler.schedule-arn>"}'
    spillway.reload(appWith(folder, { expression: soon(2), input }))
    const file = join(folder, 'event.json')
    await until('the firing', () => existsSync(file))
    const arn = 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/s'
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { arn })
    const record = JSON.parse(readFileSync(join(dataDir, 'schedules.json'), 'utf8')) as {
      schedules: Record<string, { lastMs?: number }>
    }
    assert.equal(typeof record.schedules['s f']?.lastMs, 'number')
  })

  test('does not start with a schedule that cannot be, and says where it stands', async () => {
    const app = appWith(makeFolder({ 'index.js': LEAVES_EVENT }), { expression: 'rate(0 days)' })
    await assert.rejects(createSpillway({ app, mode: 'dev' }), (error) => {
      assert.ok(error instanceof ManifestError)
      assert.match(
        error.message,
        /^serverless\.yml:7:9 {2}expected a schedule such as .* got: "rate\(0 days\)"/,
      )
      return true
    })
  })

  test('keeps what it has where a reload brings a schedule that cannot be', async (t) => {
    const folder = makeFolder({ 'index.js': LEAVES_EVENT })
    const spillway = await start(t, appWith(folder, {}))
    spillway.reload(appWith(folder, { expression: soon(2) }))
    const wrong = appWith(folder, { timeZone: 'Mars/Olympus' })
    assert.throws(() => spillway.reload(wrong), /expected a time zone .* got: "Mars\/Olympus"/)
    await until('the firing', () => existsSync(join(folder, 'event.json')))
  })

  test('fires nothing any more once it is closed', async (t) => {
    const folder = makeFolder({ 'index.js': LEAVES_EVENT })
    const spillway = await start(t, appWith(folder, {}))
    spillway.reload(appWith(folder, { expression: soon(2) }))
    await spillway.close()
    const later = await start(t, appWith(folder, {}))
    later.reload(appWith(folder, { expression: soon(3), input: '"later"' }))
    await until('the firing', () => existsSync(join(folder, 'event.json')))
    assert.equal(readFileSync(join(folder, 'event.json'), 'utf8'), '"later"')
    await later.close()
  })
})
