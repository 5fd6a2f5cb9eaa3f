import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { findPython } from '../../src/runtime/find-python.ts'
import { startCli, type Server } from '../support/cli.ts'
import { makeFolder, writeFiles, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const HELLO = `  hello: { handler: hello.handler, events: [{ httpApi: GET /hello }] }\n`
const ADDED = `  added: { handler: hello.handler, events: [{ httpApi: GET /added }] }\n`

function manifest(functions: string, greeting = 'Hello'): string {
  return `service: reload
provider: { name: aws, runtime: nodejs24.x, environment: { GREETING: ${greeting} } }
functions:
${functions}`
}

/** Takes its time, so that some requests run while the code under them changes. */
const handler = (version: string): string => `
import { setTimeout as after } from 'node:timers/promises'
import { name } from './lib/name.mjs'
export const handler = async () => {
  await after(Math.random() * 40)
  return { statusCode: 200, body: process.env.GREETING + ' ' + name + ' ' + '${version}' }
}
`

const PYTHON = `
from names import NAME
def lambda_handler(event, context):
    return f"Hello {NAME} from {event['requestContext']['http']['method']}"
`

const FILES: Files = {
  'serverless.yml': manifest(HELLO),
  'hello.mjs': handler('v1'),
  'lib/name.mjs': `export const name = 'Ada'`,
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Requests that come all the time, a few at once. */
interface Stream {
  /** Resolves when a request that was sent from now on had this answer. */
  readonly answers: (body: string) => Promise<void>
  /** Sends no more; resolves with everything that was answered. */
  readonly end: () => Promise<readonly Answer[]>
}

const CLIENTS = 4

function startStream(url: string): Stream {
  const answers: Answer[] = []
  const ending = new AbortController()
  const client = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const answer = await get(url)
      answers.push(answer)
      if (answer.status === 0) return
    }
  }
  const clients = Array.from({ length: CLIENTS }, client)
  const end = async (): Promise<readonly Answer[]> => {
    ending.abort()
    await Promise.all(clients)
    return answers
  }
  return {
    end,
    async answers(body) {
      // What was sent before may still be answered: by then each client has sent another.
      const since = answers.length + CLIENTS
      await until(`"${body}" as answer`, () =>
        answers.some((each, at) => at >= since && each.body === body),
      )
    },
  }
}

/** Status 0 where there was no answer at all. */
async function get(url: string): Promise<Answer> {
  try {
    const response = await fetch(url)
    return { status: response.status, body: await response.text() }
  } catch (error) {
    return { status: 0, body: String(error) }
  }
}

interface Rig {
  readonly server: Server
  readonly stream: Stream
  readonly edit: (files: Files) => void
}

async function start(t: TestContext): Promise<Rig> {
  const folder = makeFolder(FILES)
  const server = await startCli(t, ['dev', folder])
  const stream = startStream(`${server.api}/hello`)
  return { server, stream, edit: (files) => writeFiles(folder, files) }
}

/** Every request of the stream succeeded, with one of these, and each of these was seen. */
async function assertAnswered(stream: Stream, ...bodies: readonly string[]): Promise<void> {
  const answers = await stream.end()
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.deepEqual([...new Set(answers.map(({ body }) => body))].toSorted(), bodies.toSorted())
}

describe('spillway dev', () => {
  test('serves new code after an edit, and fails no request meanwhile', async (t) => {
    const { stream, edit } = await start(t)
    await stream.answers('Hello Ada v1')
    edit({ 'hello.mjs': handler('v2') })
    await stream.answers('Hello Ada v2')
    edit({ 'lib/name.mjs': `export const name = 'Bob'` })
    await stream.answers('Hello Bob v2')
    await assertAnswered(stream, 'Hello Ada v1', 'Hello Ada v2', 'Hello Bob v2')
  })

  test('serves a new manifest after an edit, and fails no request meanwhile', async (t) => {
    const { server, stream, edit } = await start(t)
    await stream.answers('Hello Ada v1')
    assert.equal((await get(`${server.api}/added`)).status, 404)
    edit({ 'serverless.yml': manifest(HELLO + ADDED, 'Good-day') })
    await stream.answers('Good-day Ada v1')
    assert.deepEqual(await get(`${server.api}/added`), { status: 200, body: 'Good-day Ada v1' })
    edit({ 'serverless.yml': manifest(HELLO, 'Good-day') })
    await until('the end of a route', async () => (await get(`${server.api}/added`)).status === 404)
    await assertAnswered(stream, 'Hello Ada v1', 'Good-day Ada v1')
  })

  test('says what is wrong with a broken manifest, goes on, and takes the repair', async (t) => {
    const { server, stream, edit } = await start(t)
    await stream.answers('Hello Ada v1')
    edit({ 'serverless.yml': manifest('  hello: { handler: hallo.handler }\n', 'Good-day') })
    assert.match(
      await server.line(/serverless\.yml:4:21 /),
      /expected the handler of hello to be a file, got: "hallo\.handler".*did you mean "hello"\?$/,
    )
    await server.line(/^not reloaded: what ran before goes on$/)
    await stream.answers('Hello Ada v1')
    edit({ 'serverless.yml': manifest(HELLO, 'Good-day') })
    await stream.answers('Good-day Ada v1')
    await assertAnswered(stream, 'Hello Ada v1', 'Good-day Ada v1')
  })

  test('tells callers of broken code what it says, and serves the repair', async (t) => {
    const { server, edit } = await start(t)
    const url = `${server.api}/hello`
    edit({ 'hello.mjs': 'export const handler = async () => {' })
    await until('an error', async () => (await get(url)).status === 500)
    edit({ 'hello.mjs': handler('v2') })
    await until('the repair', async () => (await get(url)).body === 'Hello Ada v2')
    assert.ok(server.isUp())
  })

  test('serves one Python file, and new code of it and of what it imports', async (t) => {
    if (findPython('python3.13', '/', process.env) === undefined) {
      return t.skip('!! SKIPPED: needs Python 3.9 or later')
    }
    const folder = makeFolder({
      'app.py': PYTHON,
      'names.py': 'NAME = "Ada"\n',
    })
    const server = await startCli(t, ['dev', `${folder}/app.py`])
    const stream = startStream(server.api)
    await stream.answers('Hello Ada from GET')
    writeFiles(folder, { 'names.py': 'NAME = "Grace"\n' })
    await stream.answers('Hello Grace from GET')
    writeFiles(folder, { 'app.py': PYTHON.replace('Hello', 'Good day') })
    await stream.answers('Good day Grace from GET')
    await assertAnswered(
      stream,
      'Hello Ada from GET',
      'Hello Grace from GET',
      'Good day Grace from GET',
    )
  })
})
