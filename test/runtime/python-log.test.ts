import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { errorOf, linesOf, openPythonRig, PYTHONS, textOf } from './pythons.ts'
import { resultOf, type Rig } from './rig.ts'

for (const python of PYTHONS) {
  const rigOf = (t: TestContext, source: string, given: Partial<FunctionDefinition> = {}): Rig =>
    openPythonRig(t, python, source, given)

  describe(`The log of a ${python} handler`, () => {
    test('has what it prints, line by line, and half a line at the end of the invocation', async (t) => {
      const rig = rigOf(
        t,
        `
import subprocess, sys
print("at import")
def handler(event, context):
    print("a", 1, "größe\\ud800")
    print("two\\nlines")
    sys.stderr.write("to stderr\\n")
    sys.stdout.buffer.write(b"bytes\\n")
    print("half", end="", flush=True)
    print(" a line")
    context.log("by context\\n")
    print("no end", end="")
`,
      )
      await rig.invoke({})
      await rig.invoke({})
      const lines = [
        'a 1 größe\\ud800',
        'two',
        'lines',
        'to stderr',
        'bytes',
        'half',
        ' a line',
        'by context',
        'no end',
      ]
      assert.deepEqual(linesOf(rig), [...lines, ...lines])
      const logged = rig.events.flatMap((event) => (event.kind === 'log' ? [event.text] : []))
      assert.deepEqual(logged, ['at import\n'])
    })

    test('has what its children write, whose words break nothing', async (t) => {
      const rig = rigOf(
        t,
        `
import multiprocessing, os, subprocess, sys
def child():
    print("from a fork")
    os._exit(0)
def handler(event, context):
    subprocess.run(["echo", "from a program"], check=True)
    if os.fork() == 0:
        child()
    process = multiprocessing.get_context("fork").Process(target=print, args=("from a process",))
    process.start()
    process.join()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return process.exitcode
`,
      )
      assert.equal(resultOf(await rig.invoke({})), 0)
      assert.equal(resultOf(await rig.invoke({})), 0)
      await rig.fleet.close()
      const all = [
        ...linesOf(rig),
        ...rig.events.flatMap((event) => (event.kind === 'log' ? [event.text] : [])),
      ].join('\n')
      for (const word of ['from a program', 'from a fork', 'from a process']) {
        assert.equal(all.split(word).length, 3, `${word} in\n${all}`)
      }
    })

    test('and its answers are those of the process itself, and never those of a copy of it', async (t) => {
      const rig = rigOf(
        t,
        `
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
def work(n):
    print("work", n)
    return n * 2
def handler(event, context):
    own = os.getpid()
    print("held", end="")
    if os.fork() == 0:
        return "from the copy"
    os.wait()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return [own == os.getpid(), *pool.map(work, [1, 2])]
`,
      )
      for (const _ of [1, 2]) assert.deepEqual(resultOf(await rig.invoke({})), [true, 2, 4])
      assert.equal(rig.count('ready'), 1)
      assert.equal(linesOf(rig).filter((line) => line === 'held').length, 2)
    })

    test('has the lines of the logging module, and the levels that are asked for', async (t) => {
      const source = `
import logging
log = logging.getLogger()
logging.basicConfig(level="DEBUG")
def handler(event, context):
    logging.debug("d")
    log.info("i %s", 7)
    logging.getLogger("x.y").warning("w")
`
      const messages = async (environment: Record<string, string>): Promise<string[]> => {
        const rig = rigOf(t, source, { environment })
        await rig.invoke({})
        return linesOf(rig)
      }
      const plain = await messages({})
      // basicConfig does nothing: there is a handler.
      assert.equal(plain.length, 1, plain.join('\n'))
      assert.match(
        plain[0] ?? '',
        /^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[\w-]{36}\tw$/,
      )
      const info = await messages({ AWS_LAMBDA_LOG_LEVEL: 'INFO' })
      assert.deepEqual(
        info.map((line) => line.split('\t')[0]),
        ['[INFO]', '[WARNING]'],
      )
      const trace = await messages({ AWS_LAMBDA_LOG_LEVEL: 'TRACE' })
      assert.deepEqual(
        trace.map((line) => line.split('\t')[0]),
        ['[DEBUG]', '[INFO]', '[WARNING]'],
      )
    })

    test('is JSON where the function says so', async (t) => {
      const rig = rigOf(
        t,
        `
import logging
def handler(event, context):
    logging.getLogger("shop").warning("größe %s", 7, extra={"order": 17})
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("caught")
    raise ValueError("not caught")
`,
        { logFormat: 'JSON' },
      )
      const { requestId } = JSON.parse(textOf(errorOf(await rig.invoke({})))) as {
        requestId: string
      }
      const [first, second, third] = linesOf(rig).map(
        (line) => JSON.parse(line) as Record<string, unknown>,
      )
      const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/
      for (const each of [first, second, third]) assert.match(String(each?.['timestamp']), time)
      assert.deepEqual(
        { ...first, timestamp: '' },
        {
          timestamp: '',
          level: 'WARNING',
          message: 'größe 7',
          logger: 'shop',
          requestId,
          order: 17,
        },
      )
      assert.deepEqual(
        [second?.['level'], second?.['errorType'], second?.['errorMessage'], second?.['message']],
        ['ERROR', 'ZeroDivisionError', 'division by zero', 'caught'],
      )
      assert.match(String(second?.['location']), /app\.py:handler:8$/)
      assert.match(String(second?.['stackTrace']), /line 6, in handler/)
      assert.deepEqual(
        [third?.['log_level'], third?.['errorType'], third?.['requestId']],
        ['ERROR', 'ValueError', requestId],
      )
    })
  })
}
