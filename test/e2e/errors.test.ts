import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { runCli, startCli, type Ran } from '../support/cli.ts'
import { makeFolder, type Files } from '../support/service.ts'

/** A service without a fault; each test adds its own. */
const SOUND: Files = {
  'serverless.yml': `
service: shop
provider: { name: aws, runtime: nodejs24.x }
functions:
  greet:
    handler: handlers.greet
  fail:
    handler: handlers.fail
`,
  'handlers.js': `
exports.greet = async ({ name }) => { console.log('greeting', name); return 'Hello ' + name }
exports.fail = async () => { console.log('failing'); throw new TypeError('no such lead') }
`,
}

/** Runs `spillway …` in a folder of these files beside the sound ones. */
async function spillway(t: TestContext, line: string, files: Files = {}): Promise<Ran> {
  return await runCli(t, line.split(' '), { cwd: makeFolder({ ...SOUND, ...files }) })
}

/** Says exactly this and nothing else, on stderr, and exits with 2. */
function assertRefused(ran: Ran, ...lines: readonly string[]): void {
  assert.deepEqual(ran, { exit: 2, stdout: '', stderr: lines.map((each) => `${each}\n`).join('') })
}

interface Mistake {
  readonly what: string
  readonly files: Files
  readonly said: string
}

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a bad indent',
    files: {
      'serverless.yml': `service: shop
provider:
  name: aws
functions:
  greet:
    handler: handlers.greet
   timeout: 3
`,
    },
    said: 'serverless.yml:7:1  wrong indentation: expected this line to start in the same column as the keys beside it',
  },
  {
    what: 'a handler file that is not there',
    files: {
      'serverless.yml': `service: shop
provider: { name: aws }
functions:
  greet:
    handler: handler.greet
`,
    },
    said: 'serverless.yml:5:14  expected the handler of greet to be a file, got: "handler.greet", and there is no handler.js, .mjs, .cjs or .ts, did you mean "handlers"?',
  },
  {
    what: 'a route that two functions claim',
    files: {
      'serverless.yml': `service: shop
provider: { name: aws }
functions:
  greet:
    handler: handlers.greet
    events:
      - httpApi: GET /hello/{name}
  fail:
    handler: handlers.fail
    events:
      - httpApi: GET /hello/{other}
`,
    },
    said: 'serverless.yml:11:9  GET /hello/{other} is claimed twice: here by shop-dev-fail, and by shop-dev-greet at serverless.yml:7:9',
  },
  {
    what: 'a limit that is no number',
    files: { 'spillway.yml': 'functions:\n  greet:\n    maxConcurrency: "ten"\n' },
    said: 'spillway.yml:3:21  expected maxConcurrency to be a whole number of at least 0, got: "ten"',
  },
]

describe('A wrong manifest', () => {
  for (const { what, files, said } of MISTAKES) {
    test(`with ${what} is refused with the place and one sentence`, async (t) => {
      assertRefused(await spillway(t, 'start --port 0', files), said)
    })
  }

  test('is refused with all of its mistakes at once, by every command', async (t) => {
    const files = {
      'serverless.yml': `service: shop
provider: { name: aws }
functions:
  greet:
    handler: handler.greet
  fail:
    handler: handlers.fail
    timeout: soon
`,
    }
    for (const line of ['dev --port 0', 'start --port 0', 'check', 'invoke greet']) {
      const { exit, stdout, stderr } = await spillway(t, line, files)
      assert.deepEqual([line, exit, stdout], [line, 2, ''])
      const places = stderr
        .trimEnd()
        .split('\n')
        .map((each) => each.split('  ')[0])
      assert.deepEqual(places, ['serverless.yml:5:14', 'serverless.yml:8:14'])
    }
  })
})

describe('A taken port', () => {
  for (const flag of ['--port', '--aws-port', '--admin-port']) {
    test(`is refused with its holder (${flag})`, async (t) => {
      const holder = createServer()
      t.after(() => holder.close())
      const { promise, resolve } = Promise.withResolvers<void>()
      holder.listen(0, '127.0.0.1', resolve)
      await promise
      const { port } = holder.address() as { port: number }
      const others = ['--port', '--aws-port', '--admin-port'].filter((each) => each !== flag)
      const free = others.map((each) => `${each} 0`).join(' ')
      const { exit, stdout, stderr } = await spillway(t, `start ${free} ${flag} ${port}`)
      assert.deepEqual([exit, stdout], [2, ''])
      const start = `spillway: port ${port} on 127.0.0.1 is taken by `
      const end = ` (pid ${process.pid}); choose another, or 0 for a free one\n`
      assert.ok(stderr.startsWith(start) && stderr.endsWith(end), stderr)
    })
  }
})

describe('A command line', () => {
  const typos = [
    ['deev', "error: unknown command 'deev'", '(Did you mean dev?)'],
    ['dev --prot 3000', "error: unknown option '--prot'", '(Did you mean --port?)'],
    ['check --strickt', "error: unknown option '--strickt'", '(Did you mean --strict?)'],
  ] as const
  for (const [line, ...said] of typos) {
    test(`with a slip is refused with what may have been meant (${line})`, async (t) => {
      assertRefused(await spillway(t, line), ...said)
    })
  }

  test('with a port that is none is refused', async (t) => {
    assertRefused(
      await spillway(t, 'dev --port http'),
      "error: option '-p, --port <n>' argument 'http' is invalid. expected a port from 0 to 65535.",
    )
  })

  test('tells the version', async (t) => {
    const file = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')
    const { version } = JSON.parse(file) as { version: string }
    const ran = await spillway(t, '--version')
    assert.deepEqual(ran, { exit: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('spillway invoke', () => {
  test('prints the payload on stdout and the log on stderr', async (t) => {
    const { exit, stdout, stderr } = await spillway(t, 'invoke greet -d {"name":"Ada"}')
    assert.deepEqual([exit, stdout], [0, '"Hello Ada"\n'])
    assert.match(stderr, /^\S+Z\t[\w-]{36}\tINFO\tgreeting Ada\n$/)
  })

  test('exits with 4 when the function fails, with the error as payload', async (t) => {
    const { exit, stdout, stderr } = await spillway(t, 'invoke shop-dev-fail')
    const { trace, ...error } = JSON.parse(stdout) as { trace: string[] }
    assert.deepEqual([exit, error], [4, { errorType: 'TypeError', errorMessage: 'no such lead' }])
    assert.match(trace[1] ?? '', /handlers\.js:3/)
    const levels = stderr.split('\n').map((line) => line.split('\t')[2])
    assert.deepEqual(levels, ['INFO', 'ERROR', undefined])
  })

  test('refuses a function that is not there, and an event that is no JSON', async (t) => {
    assertRefused(
      await spillway(t, 'invoke great'),
      'spillway: there is no function "great", did you mean "greet"?',
    )
    const { exit, stdout, stderr } = await spillway(t, 'invoke greet -d {name:1}')
    assert.deepEqual([exit, stdout], [2, ''])
    assert.match(stderr, /^spillway: --data is not JSON: .*\n$/)
  })
})

describe('spillway check', () => {
  const files = {
    'serverless.yml': `${SOUND['serverless.yml']}    events:\n      - websocket: $connect\n`,
  }
  const note = /^ {2}note {2}serverless\.yml:10:9 {2}fail: WebSocket routes are not served yet$/m

  test('says what is not served, and is content', async (t) => {
    const { exit, stdout, stderr } = await spillway(t, 'check', files)
    assert.deepEqual([exit, stderr], [0, ''])
    assert.match(stdout, note)
  })

  test('exits with 3 when it is to be strict and something is not served', async (t) => {
    const { exit, stdout } = await spillway(t, 'check --strict', files)
    assert.equal(exit, 3)
    assert.match(stdout, note)
    assert.equal((await spillway(t, 'check --strict')).exit, 0)
  })
})

describe('spillway limits', () => {
  test('exits with 1 and one sentence where nobody answers', async (t) => {
    // A port that was free a moment ago, and that nobody else is given so soon.
    const server = await startCli(t, ['start', makeFolder(SOUND)])
    await server.stop()
    const { exit, stdout, stderr } = await spillway(t, `limits get --admin ${server.admin}`)
    assert.deepEqual([exit, stdout], [1, ''])
    assert.match(stderr, /^spillway: no Spillway answers on http:\S+ \(.*\); start one, .*\n$/)
  })

  test('refuses what it cannot read, and what does not fit, with one sentence', async (t) => {
    const { admin } = await startCli(t, ['start', makeFolder(SOUND)])
    const set = async (change: string): Promise<Ran> =>
      await spillway(t, `limits set ${change} --admin ${admin}`)
    assert.match(
      (await set('acount=3')).stderr,
      /^spillway: cannot read "acount=3": expected .*\n$/,
    )
    assertRefused(
      await set('fn:shop-dev-great=3'),
      'spillway: no function is named "shop-dev-great", did you mean "shop-dev-greet"?',
    )
    assertRefused(
      await set('fn:shop-dev-greet.guaranteedConcurrency=7 account=5'),
      'spillway: account: 7 are guaranteed together (group shop 7), its maxConcurrency is 5; lower one of them or raise the account',
    )
  })
})
