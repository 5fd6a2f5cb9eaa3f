import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { describe, test, type TestContext } from 'node:test'
import { encodeFrame, FRAME, frameReader } from '../../src/runtime/frames.ts'
import { createStartMark } from '../../src/runtime/start-mark.ts'
import { makeFolder, type Files } from '../support/service.ts'
import { until } from '../support/until.ts'

const BOOTSTRAP = join(import.meta.dirname, '../../src/runtime/bootstrap/node.ts')

interface Said {
  readonly type: number
  readonly text: string
}

/** A spare interpreter, with its pipes in our hands. */
function startSpare(t: TestContext) {
  const mark = createStartMark()
  const env = { PATH: process.env['PATH'] ?? '', SPILLWAY_SPARE: '1', OF_SPARE: 'yes', TZ: ':UTC' }
  const stdio = ['ignore', 'inherit', 'inherit', 'pipe', 'pipe', mark.fd] as const
  const child = spawn(process.execPath, [BOOTSTRAP], { cwd: '/', env, stdio: [...stdio] })
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable]
  const said: Said[] = []
  const read = frameReader((type, _seq, _head, body) => said.push({ type, text: body.toString() }))
  output.on('data', read)
  t.after(() => {
    child.kill('SIGKILL')
    mark.close()
  })
  return {
    said,
    mark,
    send: (type: (typeof FRAME)[keyof typeof FRAME], seq: number, head: string, body: string) =>
      input.write(encodeFrame(type, seq, head, body)),
    heard: async (type: number): Promise<string> =>
      (await until(`frame ${type}`, () => said.find((each) => each.type === type))).text,
  }
}

function adoption(files: Files, more: Record<string, string> = {}): string {
  const folder = makeFolder(files)
  const env = {
    AWS_LAMBDA_FUNCTION_NAME: 'shop-dev-hello',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
    LAMBDA_TASK_ROOT: folder,
    NODE_PATH: join(folder, 'opt'),
    TZ: 'Asia/Tokyo',
    _HANDLER: 'index.handler',
    ...more,
  }
  return JSON.stringify({ env, cwd: folder })
}

describe('A spare interpreter', () => {
  test('is, once it is told, as if it had been started for the function', async (t) => {
    const spare = startSpare(t)
    const files = {
      'index.js': `
        const layered = require('layered')
        const atInit = { ...process.env }
        exports.handler = (event, context, callback) => {
          console.log('hello')
          callback(null, {
            layered, atInit, event, cwd: process.cwd(), title: process.title,
            hour: new Date(0).getHours(), trace: process.env._X_AMZN_TRACE_ID, name: context.functionName,
          })
        }`,
      'opt/layered.js': `module.exports = 'from a layer'`,
    }
    const told = adoption(files)
    const { env, cwd } = JSON.parse(told) as { env: Record<string, string>; cwd: string }
    spare.send(FRAME.adopt, 0, '', told)
    await spare.heard(FRAME.ready)
    const id = '8f9d2b1c-0000-4000-8000-000000000000'
    spare.send(FRAME.json, 1, `${id}\n3000\nRoot=1-2-3\narn`, '{"a":1}')
    const result = JSON.parse(await spare.heard(FRAME.result)) as Record<string, unknown>
    assert.deepEqual(result, {
      layered: 'from a layer',
      atInit: { ...env, _X_AMZN_TRACE_ID: '' },
      event: { a: 1 },
      cwd,
      title: 'spillway shop-dev-hello',
      hour: 9,
      trace: 'Root=1-2-3;Parent=8f9d2b1c00004000;Sampled=0',
      name: 'shop-dev-hello',
    })
    assert.equal(spare.mark.read(), 1)
    const line = JSON.parse(await spare.heard(FRAME.log)) as Record<string, unknown>
    assert.deepEqual([line['message'], line['requestId'], line['level']], ['hello', id, 'INFO'])
  })

  test('tells what is wrong with its function', async (t) => {
    const spare = startSpare(t)
    spare.send(FRAME.adopt, 0, '', adoption({ 'index.js': 'throw new TypeError("at init")' }))
    assert.match(await spare.heard(FRAME.initError), /"errorType":"TypeError"/)
  })
})
