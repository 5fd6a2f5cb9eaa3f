import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { realClock, type Clock } from '../../src/lib/clock.ts'
import type { OnRedisDown } from '../../src/model/front-rules.ts'
import type { RateLimit } from '../../src/rates/rate-limit.ts'
import { createRates, type Rates } from '../../src/rates/rates.ts'
import { runCommand } from '../support/cli.ts'
import { findRedisServer, startRedis } from '../support/redis.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'

const server = findRedisServer()
const skip = 'missing' in server ? server.missing : false

/** Slow enough that a test sees no refill it does not wait for. */
const SLOW = { rate: 0.01, burst: 100 }

describe('Rate limits on Redis', { skip }, () => {
  test('are one bucket for all processes', async (t) => {
    const redis = await startRedis(t)
    const limits = [0, 1, 2].map(() => ratesOn(t, redis.url).rates.throttle('leads', SLOW))
    const verdicts = await Promise.all(limits.flatMap((limit) => times(70, limit, 'a')))
    assert.equal(verdicts.filter(({ allowed }) => allowed).length, 100)
    const [refused] = verdicts.filter(({ allowed }) => !allowed)
    assert.ok(refused?.allowed === false && refused.retryAfterMs > 90_000)
    assert.deepEqual(
      await limits[0]?.consume('b'),
      { allowed: true },
      'another key, another bucket',
    )
  })

  test('fill up again at the rate, and no further than the burst', async (t) => {
    const redis = await startRedis(t)
    const limit = ratesOn(t, redis.url).rates.throttle('leads', { rate: 200, burst: 20 })
    const passing = async (): Promise<number> =>
      (await Promise.all(times(300, limit, ''))).filter(({ allowed }) => allowed).length
    const sinceMs = performance.now()
    const first = await passing()
    const tookMs = performance.now() - sinceMs
    assert.ok(first >= 20 && first <= 20 + (200 * tookMs) / 1000 + 1, `${first} in ${tookMs} ms`)
    // Idle until its key is gone: what is full takes no room.
    while ((await redis.ask('DBSIZE')) !== ':0\r\n');
    const againMs = performance.now()
    const again = await passing()
    const most = 20 + (200 * (performance.now() - againMs)) / 1000 + 1
    assert.ok(again >= 20 && again <= most, `${again} of ${most}`)
  })

  test('share a connection without sharing a count', async (t) => {
    const redis = await startRedis(t)
    const { rates, notes } = ratesOn(t, redis.url)
    const bucket = rates.throttle('one', { rate: 0.01, burst: 3 })
    const quota = rates.quota('one', { limit: 5, period: 'DAY', offset: 0 })
    const other = rates.throttle('two', { rate: 0.01, burst: 2 })
    // Again, once all are in use: of two scripts of one name the last would be everybody's.
    for (const key of ['a', 'b']) {
      assert.equal(await passed(bucket, 10, key), 3)
      assert.equal(await passed(quota, 10, key), 5)
      assert.equal(await passed(other, 10, key), 2)
    }
    assert.equal(notes.length, 1, 'none of it was counted elsewhere')
  })

  test('let exactly a burst through, whatever fraction of a second a token takes', async (t) => {
    const redis = await startRedis(t)
    const { rates } = ratesOn(t, redis.url)
    for (const rate of [0.003, 0.0007, 0.00011]) {
      for (let burst = 1; burst <= 40; burst += 3) {
        const limit = rates.throttle(`${rate}/${burst}`, { rate, burst })
        assert.equal(await passed(limit, burst + 5), burst, `${rate} and ${burst}`)
      }
    }
  })

  test('refuse nobody for longer than a token takes, though the clock of Redis went back', async (t) => {
    const redis = await startRedis(t)
    const limit = ratesOn(t, redis.url).rates.throttle('leads', { rate: 0.5, burst: 3 })
    await redis.ask(`SET spillway:bucket:leads:k ${Date.now() + 3_600_000}`)
    const verdict = await limit.consume('k')
    assert.ok(!verdict.allowed && verdict.retryAfterMs <= 2000, JSON.stringify(verdict))
  })

  test('do not take a standstill of this process for one of Redis', async (t) => {
    const redis = await startRedis(t)
    const { rates, notes } = ratesOn(t, redis.url, 'closed', realClock)
    const limit = rates.throttle('leads', { rate: 0.001, burst: 2 })
    assert.equal(await passed(limit, 1), 1)
    const asked = limit.consume('k')
    const untilMs = performance.now() + 500
    while (performance.now() < untilMs);
    assert.deepEqual(await asked, { allowed: true })
    assert.equal(notes.length, 1)
  })

  test('count a quota until its period is over, whatever becomes of the processes', async (t) => {
    const redis = await startRedis(t)
    const quota = { limit: 7, period: 'MONTH', offset: 0 } as const
    const before = ratesOn(t, redis.url).rates
    assert.equal(await passed(before.quota('plan', quota), 5), 5)
    before.close()
    const after = ratesOn(t, redis.url).rates
    assert.equal(await passed(after.quota('plan', quota), 5), 2)
    const month = new Date().toISOString().slice(0, 7)
    const ttl = await redis.ask(`TTL spillway:quota:plan:k:${month}-01`)
    assert.ok(Number(ttl.slice(1)) > 0 && Number(ttl.slice(1)) <= 31 * 24 * 3600, ttl)
  })

  for (const mode of ['local', 'open', 'closed'] as const) {
    const allowed = { local: 3, open: 10, closed: 0 }[mode]
    test(`while it is down, onRedisDown: ${mode} lets ${allowed} of 10 through a bucket of 3`, async (t) => {
      const redis = await startRedis(t)
      const { rates, notes, note } = ratesOn(t, redis.url, mode)
      const limit = rates.throttle('leads', { rate: 0.001, burst: 3 })
      assert.equal(await passed(limit, 10), 3)
      assert.deepEqual(rates.checks(), [{ name: 'redis', ok: true, detail: `${host(redis)} up` }])

      await redis.kill()
      await note(/closed/)
      assert.equal(await passed(limit, 10), allowed)
      const [check] = rates.checks()
      assert.equal(check?.ok, mode !== 'closed', 'only what refuses sends work elsewhere')
      assert.match(check?.detail ?? '', /^127\.0\.0\.1:\d+ down; /)

      await redis.start()
      await note(/connected/)
      assert.equal(await passed(limit, 10), 3, 'what a killed Redis held is gone')
      assert.equal(notes.length, 3, 'one note a change')
    })
  }

  test('wait for a Redis that hangs once, and then no more', async (t) => {
    const redis = await startRedis(t)
    const { rates, note } = ratesOn(t, redis.url, 'open', realClock)
    const limit = rates.throttle('leads', { rate: 0.001, burst: 1 })
    assert.equal(await passed(limit, 10), 1)
    redis.hold()
    assert.equal(await passed(limit, 10), 10)
    await note(/no answer/)
    const verdict = limit.consume('k')
    assert.ok(!(verdict instanceof Promise), 'answered without asking')
    redis.goOn()
    await note(/connected/)
    assert.equal(await passed(limit, 10), 0)
  })

  test('tell a Redis that takes nothing from one that works', async (t) => {
    const redis = await startRedis(t)
    await redis.ask('CONFIG SET maxmemory 1')
    const { rates, notes, note } = ratesOn(t, redis.url, 'local', realClock)
    const limit = rates.throttle('leads', { rate: 0.001, burst: 3 })
    assert.equal(await passed(limit, 10), 3, 'counted here')
    await note(/OOM/)
    const tries = async (): Promise<number> => {
      const stats = await redis.ask('INFO commandstats')
      return Number(/cmdstat_evalsha:.*?calls=(\d+)/.exec(stats)?.[1] ?? 0)
    }
    const before = await tries()
    await until('two more probes', async () => (await tries()) >= before + 2)
    assert.equal(notes.length, 1, 'said once, however often it is tried')
    await redis.ask('CONFIG SET maxmemory 0')
    await note(/connected/)
    assert.equal(await passed(limit, 10), 3)
  })

  test('begin without it, and go over to it once it is there', async (t) => {
    const redis = await startRedis(t)
    await redis.kill()
    const { rates, note } = ratesOn(t, redis.url)
    const limit = rates.throttle('leads', { rate: 0.001, burst: 3 })
    assert.equal(await passed(limit, 10), 3)
    await note(/ECONNREFUSED/)
    await redis.start()
    await note(/connected/)
    assert.equal(await passed(limit, 10), 3)
  })

  test('never show the password', async (t) => {
    const redis = await startRedis(t)
    await redis.ask('CONFIG SET requirepass hunter2')
    const url = (password: string): string => redis.url.replace('//', `//:${password}@`)
    const wrong = ratesOn(t, url('hunter3'))
    await wrong.note(/WRONGPASS/)
    const right = ratesOn(t, url('hunter2'))
    await right.note(/connected/)
    const said = JSON.stringify([
      wrong.notes,
      wrong.rates.checks(),
      right.notes,
      right.rates.checks(),
    ])
    assert.doesNotMatch(said, /hunter/)
  })
})

describe('Without ioredis', () => {
  test('a Redis is refused in one sentence', async (t) => {
    const folder = makeFolder({
      'package.json': '{"type":"module"}',
      'app.js': `import { createRateLimit } from './src/rates/index.ts'
        console.log(await createRateLimit({ rate: 1, burst: 1 }).consume('a'))
        try { createRateLimit({ rate: 1, burst: 1, redis: 'redis://127.0.0.1' }) }
        catch ({ code, message }) { console.log(code, message) }`,
    })
    for (const room of ['lib', 'model', 'rates']) {
      cpSync(join(import.meta.dirname, '../../src', room), join(folder, 'src', room), {
        recursive: true,
      })
    }
    const { stdout, stderr } = await runCommand([process.execPath, 'app.js'], { cwd: folder })
    assert.equal(stderr, '')
    assert.equal(
      stdout,
      '{ allowed: true }\nSPILLWAY_USAGE redis needs the package ioredis, which is not installed: npm install ioredis\n',
    )
    t.diagnostic('in memory nothing is loaded')
  })
})

interface Followed {
  readonly rates: Rates
  readonly notes: readonly string[]
  /** Resolves with the first note that matches and was not asked for yet. */
  readonly note: (pattern: RegExp) => Promise<string>
}

/** For tests that are not about waiting: a machine that is slow is not a Redis that is down. */
const patientClock: Clock = {
  ...realClock,
  after: (delayMs, callback) => realClock.after(delayMs * 40, callback),
}

function ratesOn(
  t: TestContext,
  redis: string,
  onRedisDown?: OnRedisDown,
  clock: Clock = patientClock,
): Followed {
  const notes: string[] = []
  let seen = 0
  let wake = (): void => {}
  const onNote = (sentence: string): void => {
    notes.push(sentence)
    wake()
  }
  const rates = createRates({ clock, onNote })
  t.after(() => rates.close())
  rates.configure({ redis, onRedisDown })
  const note = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const next = notes[seen]
      if (next === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else if (pattern.test(notes[seen++] ?? '')) return next
    }
  }
  return { rates, notes, note }
}

function times(count: number, limit: RateLimit, key: string) {
  return Array.from({ length: count }, async () => await limit.consume(key))
}

async function passed(limit: RateLimit, count: number, key: string = 'k'): Promise<number> {
  const verdicts = await Promise.all(times(count, limit, key))
  return verdicts.filter(({ allowed }) => allowed).length
}

const host = ({ port }: { readonly port: number }): string => `127.0.0.1:${port}`
