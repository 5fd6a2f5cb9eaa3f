import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test, type TestContext } from 'node:test'
import { environmentCommand } from '../../src/runtime/command.ts'
import { encodeFrame, FRAME, frameReader } from '../../src/runtime/frames.ts'
import { startProcess, type EnvironmentProcess, type Exit } from '../../src/runtime/process.ts'
import { makeFolder } from '../support/service.ts'
import { appOf } from '../aws/serve.ts'
import { PYTHONS } from './pythons.ts'

interface Spare {
  readonly process: EnvironmentProcess
  readonly exit: Promise<Exit>
  /** The next frame that it sends, of this type. */
  frame(type: number): Promise<string>
}

function startSpare(t: TestContext, command: Parameters<typeof startProcess>[0]): Spare {
  const { promise: exit, resolve } = Promise.withResolvers<Exit>()
  const process = startProcess(command, resolve)
  t.after(async () => {
    process.kill()
    await exit
  })
  const frames: [number, string][] = []
  const read = frameReader((type, _, __, body) => frames.push([type, body.toString()]))
  process.output.on('data', read)
  process.stdout.resume()
  process.stderr.resume()
  return {
    process,
    exit,
    async frame(type) {
      for (;;) {
        const at = frames.findIndex((each) => each[0] === type)
        if (at !== -1) return frames.splice(at, 1)[0]?.[1] ?? ''
        await once(process.output, 'data')
      }
    },
  }
}

const SOURCE = `
import logging, os, sys, time, helper
logging.warning("at import")
def handler(event, context):
    print("for", event)
    return [os.environ.get("MINE"), os.environ.get("OLD"), os.getcwd() == sys.path[0], time.strftime("%Z"),
            helper.WORD, context.function_name, "SPILLWAY_SPARE" in os.environ, os.getenv("PATH") == os.environ["PATH"]]
`

for (const python of PYTHONS) {
  describe(`A spare interpreter of ${python}`, () => {
    test('becomes the environment of the function that it is given', async (t) => {
      const folder = makeFolder({ 'app.py': SOURCE, 'lib/helper.py': 'WORD = "found"\n' })
      const [fn] = appOf([
        {
          name: 'adopted',
          runtime: python,
          handler: 'app.handler',
          taskRoot: folder,
          environment: { MINE: 'größe', PYTHONPATH: `${folder}/lib`, TZ: 'Asia/Tokyo' },
        },
      ]).functions
      assert.ok(fn !== undefined)
      const path = process.env['PATH'] ?? ''
      const command = environmentCommand(fn, { region: 'us-east-1', mode: 'start', path })
      const spare = startSpare(t, {
        ...command,
        cwd: '/',
        env: { PATH: path, SPILLWAY_SPARE: '1', OLD: 'gone' },
      })
      const { env, cwd } = command
      spare.process.input.write(encodeFrame(FRAME.adopt, 0, '', JSON.stringify({ env, cwd })))
      await spare.frame(FRAME.ready)
      assert.match(await spare.frame(FRAME.log), /^\[WARNING\]\t.*\tat import\n$/)

      spare.process.input.write(encodeFrame(FRAME.json, 1, `id\n6000\nRoot=1\narn\n`, '"you"'))
      assert.deepEqual(JSON.parse(await spare.frame(FRAME.result)), [
        'größe',
        null,
        true,
        'JST',
        'found',
        'adopted',
        false,
        true,
      ])
      assert.equal(await spare.frame(FRAME.log), 'for you\n')
      assert.equal(spare.process.startMark.read(), 1)
    })

    test('ends when the server wants no more of it', async (t) => {
      const [fn] = appOf([{ name: 'never', runtime: python, taskRoot: makeFolder() }]).functions
      assert.ok(fn !== undefined)
      const command = environmentCommand(fn, { region: 'us-east-1', mode: 'start', path: '/bin' })
      const spare = startSpare(t, { ...command, env: { SPILLWAY_SPARE: '1' } })
      spare.process.input.end()
      assert.deepEqual(await spare.exit, { code: 0, signal: null })
    })
  })
}
