import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { HttpRequest, RouteContext } from '../../src/events/index.ts'
import type { Outcome } from '../../src/invoke/invocation.ts'
import type { FunctionDefinition } from '../../src/model/app.ts'
import { errorOf, linesOf, openPythonRig, PYTHONS, textOf } from './pythons.ts'
import { findPython } from '../../src/runtime/find-python.ts'
import { isReachable } from '../../src/runtime/reachable.ts'
import { writeFiles } from '../support/service.ts'
import { resultOf, type Rig } from './rig.ts'

const NBSP = '\u00a0'

function rawOf(outcome: Outcome): string {
  assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json', JSON.stringify(outcome))
  return Buffer.from(outcome.result.json).toString()
}

for (const python of PYTHONS) {
  const rigOf = (t: TestContext, source: string, given: Partial<FunctionDefinition> = {}): Rig =>
    openPythonRig(t, python, source, given)

  describe(`A ${python} handler that cannot be loaded`, () => {
    const cases = [
      [
        'import gone_for_good',
        'Runtime.ImportModuleError',
        /^Unable to import module 'app': No module named 'gone_for_good'$/,
      ],
      [
        'import boto3_missing, boto3',
        'Runtime.ImportModuleError',
        /No module named 'boto3_missing'/,
      ],
      [
        'def handler(:',
        'Runtime.UserCodeSyntaxError',
        /^Syntax error in module 'app': .*\(app\.py, line 1\)$/,
      ],
      ['x = 1', 'Runtime.HandlerNotFound', /^Handler 'handler' missing on module 'app'$/],
      ['raise KeyError("k")', 'KeyError', /^'k'$/],
    ] as const
    for (const [source, errorType, message] of cases) {
      test(`answers with ${errorType}: ${source}`, async (t) => {
        const rig = rigOf(t, source)
        const outcome = await rig.invoke({})
        const error = errorOf(outcome)
        assert.deepEqual([error.errorType, outcome.handlerStarted], [errorType, false])
        assert.match(error.errorMessage, message)
        assert.match(
          textOf(error),
          /^\{"errorMessage": .*, "errorType": .*, "requestId": "", "stackTrace": \[/,
        )
        const logged = rig.events.flatMap((event) => (event.kind === 'log' ? [event.text] : []))
        const all = [...logged, ...linesOf(rig)].join('\n')
        assert.match(all, /^\[WARNING\]\t[\d-]+T[\d:.]+Z\t\tLAMBDA_WARNING: Unhandled exception\./m)
        assert.match(all, new RegExp(`^\\[ERROR\\] ${errorType}: `, 'm'))
      })
    }

    test('shows where: the file and line of the error, and nothing of the runtime', async (t) => {
      const rig = rigOf(t, 'def broken():\n    raise ValueError("at import")\nbroken()\n')
      const { stackTrace } = JSON.parse(textOf(errorOf(await rig.invoke({})))) as {
        stackTrace: string[]
      }
      assert.match(stackTrace.at(-1) ?? '', /app\.py", line 2, in broken\n {4}raise ValueError/)
      assert.ok(
        stackTrace.every((entry) => !entry.includes('bootstrap/python.py')),
        stackTrace[0],
      )
    })

    test('by its name, says what is wrong with that', async (t) => {
      const rig = rigOf(t, '', { handler: 'app' })
      const error = errorOf(await rig.invoke({}))
      assert.deepEqual(
        [error.errorType, error.errorMessage],
        [
          'Runtime.MalformedHandlerName',
          "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        ],
      )
    })

    test('because it exits, answers with how', async (t) => {
      const rig = rigOf(t, 'import sys\nsys.exit(3)\n')
      const { errorType, errorMessage } = errorOf(await rig.invoke({}))
      assert.equal(errorType, 'Runtime.ExitError')
      assert.match(errorMessage, /Runtime exited with error: exit status 3$/)
    })
  })

  describe(`A ${python} handler`, () => {
    test('is found in a package, by slashes and by dots, and beside its imports', async (t) => {
      for (const handler of ['src/deep/lead.handler', 'src.deep.lead.handler']) {
        const files = {
          'shared.py': 'WORD = "found"\n',
          'src/deep/lead.py': 'import shared\ndef handler(e, c):\n    return shared.WORD\n',
        }
        const rig = openPythonRig(t, python, '', { files, handler })
        assert.equal(resultOf(await rig.invoke({})), 'found')
      }
    })

    test('imports what is installed in the virtual environment of its folder', async (t) => {
      const interpreter = findPython(python, '/', process.env)?.command ?? ''
      if (process.getuid?.() === 0 && !isReachable(interpreter)) {
        return t.skip(`!! SKIPPED: root does not hand functions to ${interpreter}`)
      }
      const source =
        'import installed, sys\ndef handler(e, c):\n    return [installed.WORD, sys.prefix]\n'
      const rig = rigOf(t, source)
      const venv = join(rig.folder, '.venv')
      execFileSync(interpreter, ['-m', 'venv', '--without-pip', venv])
      writeFiles(venv, { [`lib/${python}/site-packages/installed.py`]: 'WORD = "there"\n' })
      // Named by its variable, a Python would come before the project's.
      const variable = `SPILLWAY_PYTHON_${python.replace(/\D/g, '')}`
      const named = process.env[variable]
      delete process.env[variable]
      t.after(() => named !== undefined && (process.env[variable] = named))
      assert.deepEqual(resultOf(await rig.invoke({})), ['there', venv])
    })

    test('may have any name that Python itself has not compiled in', async (t) => {
      const files = { 'python.py': 'def handler(e, c):\n    return __name__\n' }
      const rig = openPythonRig(t, python, '', { files, handler: 'python.handler' })
      assert.equal(resultOf(await rig.invoke({})), 'python')
    })

    test('imports by a path of its own before what Python brings', async (t) => {
      const files = { 'lib/extra.py': 'WORD = "extra"\n' }
      const source =
        'import os, sys, extra\ndef handler(e, c):\n    return [extra.WORD, sys.path[0] == os.getcwd(), sys.argv, "" in sys.path]\n'
      const rig = openPythonRig(t, python, source, { files, environment: {} })
      // A relative path counts from the working directory, which is the task root.
      const given = openPythonRig(t, python, source, { files, environment: { PYTHONPATH: 'lib' } })
      assert.equal(errorOf(await rig.invoke({})).errorType, 'Runtime.ImportModuleError')
      assert.deepEqual(resultOf(await given.invoke({})), ['extra', true, ['-c'], false])
    })

    test('is told of its invocation', async (t) => {
      const rig = rigOf(
        t,
        `
import os
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    client = context.client_context
    return {
        "left": isinstance(left, int) and 0 < left <= 6000,
        "id": context.aws_request_id, "arn": context.invoked_function_arn,
        "name": context.function_name, "version": context.function_version,
        "memory": context.memory_limit_in_mb, "group": context.log_group_name,
        "stream": context.log_stream_name[:5], "tenant": context.tenant_id,
        "identity": context.identity.cognito_identity_id,
        "client": client and [client.custom, client.env, client.client.app_title, client.client.installation_id],
        "trace": os.environ["_X_AMZN_TRACE_ID"],
    }
`,
      )
      const first = resultOf(
        await rig.invoke(
          {},
          {
            traceId: 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1',
            clientContext:
              '{"custom": {"größe": "ß→"}, "env": {"a": 1}, "client": {"app_title": "T"}}',
          },
        ),
      ) as Record<string, unknown>
      const id = String(first['id'])
      assert.match(id, /^[\w-]{36}$/)
      const span = id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18)
      assert.deepEqual(first, {
        left: true,
        id,
        arn: 'arn:aws:lambda:us-east-1:123456789012:function:effect',
        name: 'effect',
        version: '$LATEST',
        memory: '128',
        group: '/aws/lambda/effect',
        stream: `${new Date().getUTCFullYear()}/`,
        tenant: null,
        identity: null,
        client: [{ größe: 'ß→' }, { a: 1 }, 'T', null],
        trace: `Root=1-67891233-abcdef012345678912345678;Parent=${span};Sampled=1`,
      })
      const second = resultOf(await rig.invoke({})) as Record<string, unknown>
      assert.equal(second['client'], null)
      assert.notEqual(second['trace'], first['trace'])
    })

    test('that raises answers with the class, the message and the trace, and says so in the log', async (t) => {
      const rig = rigOf(
        t,
        'class Lost(Exception):\n    pass\ndef find():\n    raise Lost("größe\\nzwei")\ndef handler(e, c):\n    find()\n',
      )
      const error = errorOf(await rig.invoke({}))
      const { errorMessage, errorType, requestId, stackTrace } = JSON.parse(
        textOf(error),
      ) as Record<string, unknown>
      assert.deepEqual([errorMessage, errorType], ['größe\nzwei', 'Lost'])
      assert.match(String(requestId), /^[\w-]{36}$/)
      assert.deepEqual(
        (stackTrace as string[]).map((entry) => entry.replace(/".*\//, '"')),
        [
          '  File "app.py", line 6, in handler\n    find()\n',
          '  File "app.py", line 4, in find\n    raise Lost("größe\\nzwei")\n',
        ],
      )
      const [line = ''] = linesOf(rig)
      assert.ok(
        line.startsWith('[ERROR] Lost: größe\rzwei\rTraceback (most recent call last):\r'),
        line,
      )
      assert.ok(line.includes(`\r${NBSP}${NBSP}File "`), line)
      assert.ok(line.includes(`\r${NBSP.repeat(4)}find()\r`), line)
      assert.equal(rig.count('ready'), 1)
      assert.equal(rig.pids().length, 1, 'its environment stays')
    })

    test('returns what JSON can hold, written as Lambda writes it', async (t) => {
      const rig = rigOf(
        t,
        `
from decimal import Decimal
VALUES = {
    "none": None, "number": [1, 1.5, True], "word": "ß→😀\\u2028", "tuple": (1, 2),
    "decimal": {"a": Decimal("1.10"), "b": [Decimal("1E+3"), Decimal("NaN")], "c": '"raw-'},
    "bytes": b"raw \\xff bytes", "inner": {"b": b"text"}, "keys": {1: 2, None: 3},
    "set": {1}, "lone": "\\ud800", "class": type,
}
def handler(event, context):
    return VALUES[event]
`,
      )
      const ask = async (what: string): Promise<string> => rawOf(await rig.invoke(what))
      const isOld = Number(python.split('.')[1]) < 12
      assert.equal(await ask('none'), 'null')
      assert.equal(await ask('number'), '[1, 1.5, true]')
      assert.equal(
        await ask('word'),
        isOld ? '"\\u00df\\u2192\\ud83d\\ude00\\u2028"' : '"ß→😀\u2028"',
      )
      assert.equal(await ask('tuple'), '[1, 2]')
      assert.equal(await ask('decimal'), '{"a": 1.10, "b": [1E+3, NaN], "c": "\\"raw-"}')
      assert.equal(await ask('inner'), '{"b": "text"}')
      assert.equal(await ask('keys'), '{"1": 2, "null": 3}')
      const outcome = await rig.invoke('bytes')
      assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json')
      assert.deepEqual(Buffer.from(outcome.result.json), Buffer.from('raw \xff bytes', 'latin1'))
      for (const [what, name] of [
        ['set', 'set'],
        ['class', 'type'],
      ] as const) {
        const { errorType, errorMessage } = errorOf(await rig.invoke(what))
        assert.deepEqual(
          [errorType, errorMessage],
          [
            'Runtime.MarshalError',
            `Unable to marshal response: Object of type ${name} is not JSON serializable`,
          ],
        )
      }
      const lone = await rig.invoke('lone')
      if (isOld) assert.equal(rawOf(lone), '"\\ud800"')
      else assert.equal(errorOf(lone).errorType, 'Runtime.MarshalError')
    })

    test('takes and gives six megabytes, and not a byte more than Lambda', async (t) => {
      const rig = rigOf(
        t,
        'def handler(e, c):\n    return len(e) if isinstance(e, str) else "x" * e\n',
      )
      assert.equal(resultOf(await rig.invoke('ü'.repeat(3 * 1024 * 1024))), 3 * 1024 * 1024)
      const most = 6_291_556 - 2
      assert.equal((resultOf(await rig.invoke(most)) as string).length, most)
      const { json, ...error } = errorOf(await rig.invoke(most + 1))
      assert.deepEqual(error, {
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage:
          'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      })
      assert.deepEqual(JSON.parse(Buffer.from(json).toString()), {
        errorMessage: error.errorMessage,
        errorType: error.errorType,
      })
      assert.equal(resultOf(await rig.invoke('abc')), 3)
    })

    test('reports its own memory, and not that of the server it was started by', async (t) => {
      const rig = rigOf(t, 'def handler(e, c):\n    return len(bytearray(e))\n')
      await rig.invoke(1)
      await rig.invoke(200 * 1024 * 1024)
      const used = rig.lines.flatMap(
        ({ text }) => /Max Memory Used: (\d+) MB/.exec(text)?.[1] ?? [],
      )
      assert.ok(Number(used[0]) < 45, `${used[0]} MB`)
    })
  })

  describe(`An HTTP request to a ${python} handler`, () => {
    const request: HttpRequest = {
      method: 'POST',
      target: '/a%20b?x=%C3%9F',
      rawHeaders: ['Content-Type', 'application/octet-stream', 'Cookie', 'a=b'],
      body: Buffer.from([0, 255, 128]),
      sourceIp: '192.0.2.1',
      protocol: 'HTTP/1.1',
      timeEpochMs: 1_764_000_000_000,
      requestId: '11111111-2222-4333-8444-555555555555',
      traceId: 'Root=1-67891233-abcdef012345678912345678',
      port: 443,
    }
    const route: RouteContext = {
      front: 'httpapi',
      payload: '2.0',
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      stage: '$default',
      stageVariables: {},
      binaryMediaTypes: [],
      method: 'ANY',
      path: '/{proxy+}',
    }
    const source = `
import base64, json
def handler(event, context):
    if event["rawPath"] == "/malformed":
        return {"statusCode": "none"}
    body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else b""
    told = json.dumps([event["queryStringParameters"], event["cookies"], list(body)])
    return {"statusCode": 201, "cookies": ["c=d; Path=/", "e=f"], "headers": {"x-told": told},
            "body": base64.b64encode(body[::-1]).decode(), "isBase64Encoded": True}
`
    test('is an event to it, and its result a response', async (t) => {
      const rig = rigOf(t, source)
      const outcome = await rig.invoke(undefined, { payload: { kind: 'http', request, route } })
      assert.ok(outcome.status === 'ok' && outcome.result.kind === 'http', JSON.stringify(outcome))
      const { status, rawHeaders, body } = outcome.result.response
      assert.deepEqual([status, [...Buffer.from(body)]], [201, [128, 255, 0]])
      const values = (name: string): unknown[] =>
        rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)
      assert.deepEqual(values('set-cookie'), ['c=d; Path=/', 'e=f'])
      assert.deepEqual(JSON.parse(String(values('x-told')[0])), [
        { x: 'ß' },
        ['a=b'],
        [0, 255, 128],
      ])
    })

    test('is answered as malformed where API Gateway would', async (t) => {
      const rig = rigOf(t, source)
      const given = { ...request, target: '/malformed' }
      const outcome = await rig.invoke(undefined, {
        payload: { kind: 'http', request: given, route },
      })
      assert.equal(outcome.status, 'malformed')
    })
  })
}
