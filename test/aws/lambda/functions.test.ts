import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { appOf, okOutcome, serveAws } from '../serve.ts'

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:hello'
const app = appOf([
  {
    name: 'hello',
    description: 'Says hello',
    environment: { TOKEN: 'canary-9f2b' },
    tags: { team: 'web' },
  },
  { name: 'bare', logFormat: 'JSON' },
])

describe('GetFunction', () => {
  test('shows a function as AWS would, without its secrets', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const { status, json, text } = await served.send('/2015-03-31/functions/hello')
    const { Configuration, Code, Tags, ...rest } = json as Record<string, Record<string, unknown>>
    assert.equal(status, 200)
    assert.deepEqual(rest, {})
    assert.deepEqual(Tags, { team: 'web' })
    assert.deepEqual(Code, { RepositoryType: 'S3', Location: 'file:///srv/shop' })
    assert.equal(Configuration?.['FunctionArn'], ARN)
    assert.equal(Configuration['Timeout'], 6)
    assert.equal(Configuration['MemorySize'], 128)
    assert.equal(Configuration['State'], 'Active')
    assert.equal(Configuration['LastUpdateStatus'], 'Successful')
    assert.deepEqual(Configuration['LoggingConfig'], {
      LogFormat: 'Text',
      LogGroup: '/aws/lambda/hello',
    })
    assert.equal(
      (Configuration['Environment'] as { Error: { ErrorCode: string } }).Error.ErrorCode,
      'AccessDeniedException',
    )
    assert.doesNotMatch(text, /canary/)
  })

  test('leaves out what a function has not: Environment, Tags, Concurrency', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const { json } = await served.send('/2015-03-31/functions/bare')
    assert.deepEqual(Object.keys(json as object), ['Configuration', 'Code'])
    assert.equal(
      Object.hasOwn((json as { Configuration: object }).Configuration, 'Environment'),
      false,
    )
  })

  test('names the qualifier that was asked for, and none that was not', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const message = async (path: string): Promise<unknown> =>
      ((await served.send(path)).json as { Message: unknown }).Message
    assert.equal(
      await message('/2015-03-31/functions/nope'),
      `Function not found: ${ARN.replace('hello', 'nope')}`,
    )
    assert.equal(
      await message('/2015-03-31/functions/hello?Qualifier=9'),
      `Function not found: ${ARN}:9`,
    )
    const latest = await served.send('/2015-03-31/functions/hello/configuration?Qualifier=$LATEST')
    assert.equal((latest.json as { FunctionArn: string }).FunctionArn, `${ARN}:$LATEST`)
  })

  test('shows as configuration what GetFunction shows as Configuration', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const whole = await served.send('/2015-03-31/functions/hello')
    const alone = await served.send('/2015-03-31/functions/hello/configuration')
    assert.deepEqual(alone.json, (whole.json as { Configuration: unknown }).Configuration)
  })
})

describe('ListFunctions', () => {
  test('gives every function once, in pages of at most fifty, whatever the page size', async (t) => {
    const names = Array.from({ length: 123 }, (_, i) => `fn-${i}`)
    const served = await serveAws(t, appOf(names.map((name) => ({ name }))), () => okOutcome('1'))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 5, max: 10_000 }), async (maxItems) => {
        const seen: string[] = []
        let marker: string | null = ''
        while (marker !== null) {
          const query = marker === '' ? '' : `&Marker=${marker}`
          const { json } = await served.send(`/2015-03-31/functions?MaxItems=${maxItems}${query}`)
          const page = json as { Functions: { FunctionName: string }[]; NextMarker: string | null }
          assert.ok(page.Functions.length <= Math.min(50, maxItems))
          seen.push(...page.Functions.map(({ FunctionName }) => FunctionName))
          marker = page.NextMarker
        }
        assert.deepEqual(seen, names.toSorted())
      }),
      { numRuns: 20 },
    )
  })

  test('lists nothing in an empty account, and refuses a page of no size', async (t) => {
    const served = await serveAws(t, appOf([]), () => okOutcome('1'))
    assert.deepEqual((await served.send('/2015-03-31/functions')).json, {
      Functions: [],
      NextMarker: null,
    })
    for (const [size, rule] of [
      ['0', 'greater than or equal to 1'],
      ['x', 'greater than or equal to 1'],
      ['10001', 'less than or equal to 10000'],
    ]) {
      const { status, json } = await served.send(`/2015-03-31/functions?MaxItems=${size}`)
      assert.equal(status, 400)
      assert.deepEqual(json, {
        message: `1 validation error detected: Value '${size}' at 'maxItems' failed to satisfy constraint: Member must have value ${rule}`,
      })
    }
  })
})
