import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { before, describe, test, type TestContext } from 'node:test'
import { findPython } from '../../src/runtime/find-python.ts'
import { runCommand, startCli, type RunOptions, type Server } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '../..')
const SERVICES = join(import.meta.dirname, '../fixtures/services')

/** Node 24 first, as for a user who has it; npm comes from wherever it is. */
const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`

/** An empty folder into which the packed package was installed, without anybody's install script. */
let installed: string

before(async () => {
  installed = makeFolder()
  // It is built already; its own script would build it while other tests run it.
  const packed = await npm(
    ['pack', '--ignore-scripts', '--json', '--pack-destination', installed],
    ROOT,
  )
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  await npm(['install', ...quietly, `./${filename}`], installed)
})

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const ran = await runCommand(['npm', ...args], { cwd, env: { PATH } })
  assert.equal(ran.exit, 0, `npm ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

/** `npx spillway dev DIR`, of a service that has neither a package.json nor node_modules. */
async function npxDev(
  t: TestContext,
  service: string,
  ...flags: readonly string[]
): Promise<Server> {
  const folder = makeFolder()
  cpSync(join(SERVICES, service), folder, { recursive: true })
  const command: RunOptions['command'] = ['npx', '--no-install', 'spillway']
  return await startCli(t, ['dev', folder, ...flags], { cwd: installed, env: { PATH }, command })
}

/** What the fixture's handlers tell of the request that they got. */
interface Told {
  readonly by: string
  readonly greeting: string
  readonly route: string
  readonly parameters: Readonly<Record<string, string>>
}

interface Call {
  readonly ask: string
  readonly by: string
  /** As the handler sees it: payload 1.0 has a resource, 2.0 a route key. */
  readonly route: string
  readonly parameters?: Readonly<Record<string, string>>
}

const REST: readonly Call[] = [
  { ask: 'GET /common', by: 'common', route: 'GET /common' },
  {
    ask: 'PUT /files/a/b.txt',
    by: 'common',
    route: 'PUT /files/{proxy+}',
    parameters: { proxy: 'a/b.txt' },
  },
  {
    ask: 'POST /typed/7',
    by: 'typed of the mixed service',
    route: 'POST /typed/{id}',
    parameters: { id: '7' },
  },
  { ask: 'GET /legacy', by: 'legacy', route: 'GET /legacy' },
]

const HTTP_API: readonly Call[] = [
  { ask: 'GET /module', by: 'module', route: 'GET /module' },
  {
    ask: 'DELETE /pages/1/2',
    by: 'module',
    route: 'ANY /pages/{proxy+}',
    parameters: { proxy: '1/2' },
  },
  {
    ask: 'PATCH /typed/8/any',
    by: 'typed of the mixed service',
    route: 'ANY /typed/{id}/any',
    parameters: { id: '8' },
  },
  { ask: 'GET /legacy/http', by: 'legacy', route: 'GET /legacy/http' },
]

async function call(url: string, ask: string): Promise<{ status: number; text: string }> {
  const [method = '', path = ''] = ask.split(' ')
  const response = await fetch(`${url}${path}`, { method })
  return { status: response.status, text: await response.text() }
}

async function assertAnswered(
  url: string,
  calls: readonly Call[],
  greeting: string,
): Promise<void> {
  for (const { ask, by, route, parameters = {} } of calls) {
    const { status, text } = await call(url, ask)
    assert.deepEqual([ask, status], [ask, 200], text)
    const told: Told = { by, greeting, route, parameters }
    assert.deepEqual(JSON.parse(text), told)
  }
}

describe('The package, installed from its tarball without install scripts', () => {
  test('serves every route of a service in four kinds of JavaScript', async (t) => {
    const { api } = await npxDev(t, 'mixed')
    await assertAnswered(`${api}/dev`, REST, 'Hello')
    await assertAnswered(api, REST, 'Hello')
    await assertAnswered(api, HTTP_API, 'Hello')
    assert.equal((await call(api, 'GET /nowhere')).status, 404)
  })

  test('serves Python functions', async (t) => {
    if (findPython('python3.13', '/', process.env) === undefined) {
      return t.skip('!! SKIPPED: needs Python 3.9 or later')
    }
    const { api } = await npxDev(t, 'python')
    const answer = { status: 200, text: 'Grüß Gott, you' }
    assert.deepEqual(await call(api, 'POST /hello/you'), answer)
  })

  test('serves another stage where it is told to', async (t) => {
    const { api } = await npxDev(t, 'mixed', '--stage', 'prod')
    await assertAnswered(`${api}/prod`, REST, 'Good day')
    await assertAnswered(api, HTTP_API, 'Good day')
  })

  test('leaves to the catch-all route of an HTTP API all but what begins with the REST stage', async (t) => {
    const { api } = await npxDev(t, 'catch-all')
    const answers = {
      'GET /dev/same': 'rest /same',
      'GET /dev': 'rest /',
      'GET /same': '$default /same',
      'POST /a/b': '$default /a/b',
    }
    for (const [ask, text] of Object.entries(answers)) {
      assert.deepEqual([ask, await call(api, ask)], [ask, { status: 200, text }])
    }
  })
})
