import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { createSpillway, loadApp, type App, type LogLine, type Spillway } from '../../src/index.ts'
import { makeFolder, writeFiles, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const HANDLER = `
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
exports.nap = async ({ ms = 0 }) => { await nap(ms); return 'well' }
exports.huge = async () => { console.log('x'.repeat(70 * 1024 * 1024)); return 'well' }
exports.forge = async () => { require('node:fs').writeSync(4, Buffer.alloc(64, 0xff)); await nap(60_000) }
exports.trace = async () => ({
  own: process.env._X_AMZN_TRACE_ID,
  copied: { ...process.env }._X_AMZN_TRACE_ID,
  inherited: require('node:child_process').execSync('echo $_X_AMZN_TRACE_ID').toString().trim(),
})
exports.after = async () => { setTimeout(() => console.log('from before'), 20); return 'well' }
`

function manifest(functions: string): Files {
  const provider = 'provider: { name: aws, runtime: nodejs24.x, timeout: 20 }'
  return { 'serverless.yml': `service: s\n${provider}\nfunctions:\n${functions}\n` }
}

const A = '  a: { handler: h.nap }'
const B = '  b: { handler: h.nap }'

interface Opened {
  readonly spillway: Spillway
  readonly folder: string
  readonly lines: LogLine[]
  /** The App of another manifest in the same folder. */
  readonly load: (functions: string) => Promise<App>
}

async function open(t: TestContext, functions: string): Promise<Opened> {
  const folder = makeFolder({ 'h.js': HANDLER })
  const load = async (each: string): Promise<App> => {
    writeFiles(folder, manifest(each))
    return await loadApp({ paths: [folder], env: {} })
  }
  const lines: LogLine[] = []
  const app = await load(functions)
  const spillway = await createSpillway({ app, onLog: (line) => void lines.push(line) })
  t.after(() => spillway.close())
  return { spillway, folder, lines, load }
}

function inUse(spillway: Spillway, name: string): number {
  return spillway.snapshot().functions.find((fn) => fn.name === name)?.inUse ?? 0
}

describe('A reload', () => {
  test('that takes a function away and brings it back keeps it going, old invocations too', async (t) => {
    const { spillway, load } = await open(t, `${A}\n${B}`)
    const old = spillway.invoke('s-dev-a', '{"ms":1500}')
    await until('its start', () => inUse(spillway, 's-dev-a') === 1)
    spillway.reload(await load(B))
    spillway.reload(await load(`${A}\n${B}`))
    const during = await spillway.invoke('s-dev-a', '{}', { waitMs: 10_000 })
    assert.equal(during.status, 'ok')
    assert.equal((await old).status, 'ok')
    assert.equal((await spillway.invoke('s-dev-a', '{}', { waitMs: 10_000 })).status, 'ok')
  })

  test('that takes a function away ends what was delivered ahead, and gives its slots back', async (t) => {
    const { spillway, load } = await open(t, `${A}\n${B}`)
    for (let warm = 0; warm < 20; warm++) await spillway.invoke('s-dev-a', '{}')
    const first = spillway.invoke('s-dev-a', '{"ms":1000}')
    const behind = Array.from({ length: 10 }, () => spillway.invoke('s-dev-a', '{"ms":1000}'))
    spillway.reload(await load(B))
    assert.equal((await first).status, 'ok')
    for (const outcome of await Promise.all(behind)) {
      assert.ok(outcome.status === 'ok' || !outcome.handlerStarted, outcome.status)
    }
    assert.equal(spillway.snapshot().account.inUse, 0)
  })

  test('that is refused keeps the live limits', async (t) => {
    const { spillway, load } = await open(t, `${A}\n${B}`)
    const change = {
      scope: 'function',
      name: 's-dev-b',
      field: 'maxConcurrency',
      value: 3,
    } as const
    spillway.limits.change([change], 'test')
    const app = await load(A)
    const limits = { ...app.limits, account: { maxConcurrency: 0 } }
    const guaranteed = { 's-dev-a': { group: 's', guaranteedConcurrency: 1 } }
    assert.throws(() => spillway.reload({ ...app, limits: { ...limits, functions: guaranteed } }))
    spillway.reload(await load(`${A}\n${B}`))
    assert.equal(spillway.limits.current().functions['s-dev-b']?.maxConcurrency, 3)
  })
})

describe('A function that', () => {
  test('cannot be started is answered for, and leaks nothing', async (t) => {
    // Longer than the system lets one variable be.
    const variable = `{ BIG: "${'x'.repeat(140_000)}" }`
    const { spillway, lines } = await open(t, `  a: { handler: h.nap, environment: ${variable} }`)
    const fds = (): number => readdirSync('/proc/self/fd').length
    const before = fds()
    for (let i = 0; i < 5; i++) {
      const outcome = await spillway.invoke('s-dev-a', '{}', { waitMs: 5000 })
      assert.equal(outcome.status, 'platform_error')
      assert.match(outcome.message, /no process could be started: .*E2BIG/)
      assert.equal(outcome.handlerStarted, false)
    }
    assert.ok(fds() <= before + 2, 'each failed start gives back what it opened')
    assert.ok(lines.length <= 3, 'it is not tried, and told, over and over')
  })

  test('reads its trace finds that of its invocation, in copies and children too', async (t) => {
    const { spillway } = await open(t, '  a: { handler: h.trace }')
    const seen: unknown[] = []
    for (let i = 0; i < 2; i++) {
      const outcome = await spillway.invoke('s-dev-a', '{}')
      assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json')
      const json = Buffer.from(outcome.result.json).toString()
      const { own, copied, inherited } = JSON.parse(json) as Record<string, string>
      assert.match(own ?? '', /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/)
      assert.deepEqual([copied, inherited], [own, own])
      seen.push(own)
    }
    assert.notEqual(seen[0], seen[1])
  })

  test('logs more than fits one frame runs on', async (t) => {
    const { spillway } = await open(t, '  a: { handler: h.huge, timeout: 60 }')
    assert.equal((await spillway.invoke('s-dev-a', '{}')).status, 'ok')
  })

  test('writes nonsense on our pipe costs itself, and is not called interrupted', async (t) => {
    const { spillway } = await open(t, `  a: { handler: h.forge }\n${B}`)
    const outcome = await spillway.invoke('s-dev-a', '{}')
    assert.equal(outcome.status, 'function_error')
    assert.equal((await spillway.invoke('s-dev-b', '{}')).status, 'ok')
  })

  test('writes after its answer leaves those lines to nobody', async (t) => {
    const { spillway, lines } = await open(t, '  a: { handler: h.after }')
    await spillway.invoke('s-dev-a', '{}')
    await until('the late line', () => lines.some(({ text }) => text.endsWith('from before')))
    const late = lines.find(({ text }) => text.endsWith('from before'))
    assert.equal(late?.requestId, undefined)
  })
})

test('lines of the platform are known as such in either format', async (t) => {
  const folder = makeFolder({ 'h.js': HANDLER, ...manifest(A) })
  const app = await loadApp({ paths: [join(folder, 'serverless.yml')], env: {} })
  const json = app.functions.map((fn) => ({ ...fn, logFormat: 'JSON' as const }))
  for (const functions of [app.functions, json]) {
    const lines: LogLine[] = []
    const onLog = (line: LogLine): void => void lines.push(line)
    const spillway = await createSpillway({ app: { ...app, functions }, onLog })
    t.after(() => spillway.close())
    await spillway.invoke('s-dev-a', '{}')
    assert.ok(lines.length >= 2)
    assert.ok(lines.every(({ platform }) => platform))
  }
})
