import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { runCli, startCli, type Server } from '../support/cli.ts'
import { environmentsOf, stateOf } from '../support/environments.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const FILES: Files = {
  'serverless.yml': `
service: shop
provider: { name: aws, runtime: nodejs24.x, timeout: 20, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
  fine: { handler: h.fine, events: [{ httpApi: GET /fine }] }
  badly: { handler: h.badly, events: [{ httpApi: GET /badly }] }
  twice: { handler: h.twice, events: [{ httpApi: GET /twice }] }
  late: { handler: h.late, timeout: 1, events: [{ httpApi: GET /late }] }
  stray: { handler: h.stray, events: [{ httpApi: GET /stray }] }
  throws: { handler: broken.throws, events: [{ httpApi: GET /throws }] }
  exits: { handler: exits.handler, events: [{ httpApi: GET /exits }] }
  killed: { handler: killed.handler, events: [{ httpApi: GET /killed }] }
`,
  'h.js': `
const { writeSync } = require('node:fs')
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
/** A result as the channel has it: anyone in the process can write one. */
const forge = (seq) => {
  const head = '1\\n1024\\n200', body = 'forged'
  const frame = Buffer.alloc(13 + head.length + body.length)
  frame[0] = 0x50
  frame.writeUInt32LE(8 + head.length + body.length, 1)
  frame.writeUInt32LE(seq, 5)
  frame.writeUInt32LE(head.length, 9)
  frame.write(head + body, 13)
  writeSync(4, frame)
}
exports.fine = async ({ queryStringParameters: q }) => { await nap(q?.ms ?? 0); return { statusCode: 200, body: 'well' } }
exports.badly = async () => ({ statusCode: 'nonsense', body: 3 })
exports.twice = async () => { forge(999); await nap(50); return { statusCode: 200, body: 'well' } }
exports.late = async () => { await nap(60_000) }
exports.stray = async () => { setTimeout(() => Promise.reject(new Error('stray')), 5); await nap(60_000) }
`,
  'broken.js': `throw new TypeError('no such table')`,
  'exits.js': `process.exit(7)`,
  'killed.js': `
const { appendFileSync, readFileSync } = require('node:fs')
const at = require('node:path').join(process.env.FOLDER, 'starts')
appendFileSync(at, '.')
if (readFileSync(at, 'utf8').length < 3) process.kill(process.pid, 'SIGKILL')
exports.handler = async () => 'well'
`,
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly started: string | null
  readonly errorClass: string | null
}

async function get(url: string): Promise<Answer> {
  const { status, headers, text } = await fetch(url).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  }))
  return {
    status,
    body: text,
    started: headers.get('x-spillway-handler-started'),
    errorClass: headers.get('x-spillway-error-class'),
  }
}

async function start(t: TestContext): Promise<Server> {
  const folder = makeFolder(FILES)
  const args = ['start', folder, '--data-dir', makeFolder()] as const
  return await startCli(t, args, { env: { FOLDER: folder } })
}

/** The lines of the node's metrics that begin with this. */
async function metrics({ admin }: Server, begin: string): Promise<string[]> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return text.split('\n').filter((line) => line.startsWith(begin) && !line.endsWith(' 0'))
}

const WELL: Answer = { status: 200, body: 'well', started: '1', errorClass: null }
const FAILED = { status: 500, body: '{"message":"Internal Server Error"}' }

describe('A function that cannot be loaded', () => {
  test('is tried twice, then its error is told as its own, with a report of each try', async (t) => {
    const server = await start(t)
    const first = server.line(
      /^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init\tStatus: error\tError Type: TypeError$/,
    )
    const second = server.line(
      /^INIT_REPORT .*\tPhase: invoke\tStatus: error\tError Type: TypeError$/,
    )
    const told = { ...FAILED, started: '0', errorClass: 'function' }
    assert.deepEqual(await get(`${server.api}/throws`), told)
    await Promise.all([first, second])
    assert.deepEqual(await metrics(server, 'spillway_errors_total'), [
      'spillway_errors_total{function="shop-dev-throws",class="function",reason="init_error",started="0"} 1',
    ])
  })

  test('because it exits is told so', async (t) => {
    const server = await start(t)
    const report = server.line(/^INIT_REPORT .*\tError Type: Runtime\.ExitError$/)
    const told = { ...FAILED, started: '0', errorClass: 'function' }
    assert.deepEqual(await get(`${server.api}/exits`), told)
    await report
    assert.match((await metrics(server, 'spillway_errors_total'))[0] ?? '', /reason="init_exit"/)
  })
})

describe('An environment that is killed while it starts', () => {
  test('costs nobody anything: it is started again', async (t) => {
    const server = await start(t)
    assert.deepEqual(await get(`${server.api}/killed`), WELL)
    assert.deepEqual(await metrics(server, 'spillway_errors_total'), [])
  })
})

describe('An invocation handed to an environment that dies', () => {
  test('is run by another, and the log says so', async (t) => {
    const server = await start(t)
    await get(`${server.api}/fine`)
    const [environment] = environmentsOf(server.pid)
    assert.ok(environment !== undefined)
    process.kill(environment.pid, 'SIGSTOP')
    await until('a stopped process', () => stateOf(environment.pid) === 'T')
    const line = server.line(/^PLATFORM_RETRY /)
    const answer = get(`${server.api}/fine`)
    await until('a busy environment', async () => {
      return (
        (await metrics(server, 'spillway_environments{function="shop-dev-fine",state="busy"}'))
          .length > 0
      )
    })
    process.kill(environment.pid, 'SIGKILL')
    assert.deepEqual(await answer, WELL)
    assert.match(
      await line,
      /^PLATFORM_RETRY RequestId: [\w-]{36} Attempt: 2 Reason: (env_exit|start_timeout) Signal: 9 HandlerStarted: false$/,
    )
    assert.deepEqual(await metrics(server, 'spillway_errors_total'), [])
    assert.equal((await metrics(server, 'spillway_dispatch_retries_total')).length, 1)
  })
})

describe('A handler', () => {
  test('that answers badly is the owner of that failure', async (t) => {
    const server = await start(t)
    assert.deepEqual(await get(`${server.api}/badly`), {
      ...FAILED,
      started: '1',
      errorClass: 'function',
    })
    assert.match((await metrics(server, 'spillway_errors_total'))[0] ?? '', /reason="malformed"/)
  })

  test('with a stray rejection fails by it', async (t) => {
    const server = await start(t)
    assert.deepEqual(await get(`${server.api}/stray`), {
      ...FAILED,
      started: '1',
      errorClass: 'function',
    })
    assert.match((await metrics(server, 'spillway_errors_total'))[0] ?? '', /reason="uncaught"/)
  })

  test('that is over its time is ended, and that is counted', async (t) => {
    const server = await start(t)
    assert.deepEqual(await get(`${server.api}/late`), {
      ...FAILED,
      started: '1',
      errorClass: 'function',
    })
    await until('the kill', async () => {
      return (await metrics(server, 'spillway_env_kills_total{reason="timeout"}')).length === 1
    })
  })

  test('that answers for another invocation is let finish, and loses its environment', async (t) => {
    const server = await start(t)
    const alarm = server.line(/^spillway: environment ends, it answered 999 unasked$/)
    assert.deepEqual(await get(`${server.api}/twice`), WELL)
    await alarm
    await until('the end of its environment', () => environmentsOf(server.pid).length === 0)
    assert.deepEqual(await get(`${server.api}/twice`), WELL)
  })

  test('whose client has left is let finish, and that is counted', async (t) => {
    const server = await start(t)
    const leaving = new AbortController()
    const left = fetch(`${server.api}/fine?ms=300`, { signal: leaving.signal }).catch(() => 'left')
    await until('its start', async () => {
      return (await metrics(server, 'spillway_concurrency{function="shop-dev-fine"}')).length > 0
    })
    leaving.abort()
    assert.equal(await left, 'left')
    await until('its end', async () => {
      const [line] = await metrics(server, 'spillway_errors_total')
      return line?.includes('class="client",reason="disconnected",started="1"') === true
    })
  })
})

describe('spillway check --errors', () => {
  test('tells whose failures there were, here and in the runs before', async (t) => {
    const folder = makeFolder(FILES)
    const dataDir = makeFolder()
    const run = async (): Promise<Server> =>
      await startCli(t, ['start', folder, '--data-dir', dataDir], { env: { FOLDER: folder } })
    const first = await run()
    for (const path of ['fine', 'fine', 'badly', 'throws']) await get(`${first.api}/${path}`)
    await first.stop()
    const second = await run()
    await get(`${second.api}/fine`)

    const args = ['check', '--errors', '--admin', second.admin]
    const { exit, stdout, stderr } = await runCli(t, args)
    assert.deepEqual([exit, stderr], [0, ''])
    assert.match(stdout, /^invocations +5 /m)
    assert.match(stdout, /^function errors +2 +malformed 1, init_error 1$/m)
    assert.match(stdout, /^platform errors +0$/m)
    assert.match(stdout, /^here +0 +0 to 521,824 per million$/m)
    assert.match(
      stdout,
      /^none in 5 shows less than 60 % \(rule of three\); .* takes none in 4,800,000$/m,
    )

    const { stdout: json } = await runCli(t, [...args, '--json'])
    const analysis = JSON.parse(json) as {
      invocations: number
      functions: { functionName: string }[]
    }
    assert.equal(analysis.invocations, 5)
    assert.deepEqual(analysis.functions.map(({ functionName }) => functionName).toSorted(), [
      'shop-dev-badly',
      'shop-dev-fine',
      'shop-dev-throws',
    ])
  })

  test('exits with 1 and one sentence where nobody answers', async (t) => {
    const server = await start(t)
    await server.stop()
    const { exit, stdout, stderr } = await runCli(t, ['check', '--errors', '--admin', server.admin])
    assert.deepEqual([exit, stdout], [1, ''])
    assert.match(stderr, /^spillway: no Spillway answers on http:\S+ \(.*\); start one, .*\n$/)
  })
})
