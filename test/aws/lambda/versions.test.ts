import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ARN, errorIn, openApi } from './calls.ts'

const PATH = '/2015-03-31/functions/a/versions'

describe('Versions', () => {
  test('are the same until something is loaded, and then the next', async (t) => {
    const api = await openApi(t)
    const numbers: unknown[] = []
    for (const renew of [false, false, true, false]) {
      if (renew) api.renew()
      const { status, json } = await api.publish()
      assert.equal(status, 201)
      const { Version, FunctionArn } = json as Record<string, unknown>
      assert.equal(FunctionArn, `${ARN}:${String(Version)}`)
      numbers.push(Version)
    }
    assert.deepEqual(numbers, ['1', '1', '2', '2'])
    const other = await api.publish('b')
    assert.equal((other.json as { Version: string }).Version, '1')
  })

  test('are listed in order of number, in pages', async (t) => {
    const api = await openApi(t)
    for (let i = 0; i < 11; i++) {
      await api.publish()
      api.renew()
    }
    const seen: string[] = []
    let query = '?MaxItems=5'
    while (query !== '') {
      const { json } = await api.call('GET', PATH + query)
      const page = json as { Versions: { Version: string }[]; NextMarker?: string }
      seen.push(...page.Versions.map(({ Version }) => Version))
      query = page.NextMarker === undefined ? '' : `?MaxItems=5&Marker=${page.NextMarker}`
    }
    assert.deepEqual(seen, ['$LATEST', ...Array.from({ length: 11 }, (_, i) => String(i + 1))])
  })

  test('say what cannot be checked here: a hash, a revision', async (t) => {
    const api = await openApi(t)
    const hash = await api.call('POST', PATH, { CodeSha256: 'x' })
    assert.deepEqual(errorIn(hash), [
      400,
      'InvalidParameterValueException',
      'Spillway runs code from a folder and knows no hash of it. Publish without CodeSha256.',
      'User',
    ])
    const revision = await api.call('POST', PATH, { RevisionId: 'x' })
    assert.deepEqual(errorIn(revision).slice(0, 2), [412, 'PreconditionFailedException'])
    assert.equal((await api.call('POST', PATH)).status, 201, 'no body')
  })

  test('are of a function that is there, and of no version', async (t) => {
    const api = await openApi(t)
    const message = `Function not found: ${ARN.slice(0, -1)}nope`
    const missing = await api.publish('nope')
    assert.deepEqual(errorIn(missing), [404, 'ResourceNotFoundException', message, 'User'])
    await api.publish()
    assert.equal((await api.publish('a:1')).status, 400)
  })

  test('give an invocation what they, or their aliases, have provisioned', async (t) => {
    const api = await openApi(t)
    await api.publish()
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    await api.alias({ Name: 'other', FunctionVersion: '1' })
    const provisionedBy = async (...qualifiers: string[]): Promise<unknown[]> => {
      const found: unknown[] = []
      for (const qualifier of qualifiers) {
        await api.call('POST', `/2015-03-31/functions/a/invocations?Qualifier=${qualifier}`, {})
        found.push(api.invocations.at(-1)?.version)
      }
      return found
    }
    const all = ['1', 'live', 'other', '$LATEST'] as const
    assert.deepEqual(await provisionedBy(...all), [undefined, undefined, undefined, undefined])
    await api.provision('live', 1)
    assert.deepEqual(await provisionedBy(...all), ['live', 'live', undefined, undefined])
    await api.call('DELETE', '/2019-09-30/functions/a/provisioned-concurrency?Qualifier=live')
    await api.provision('1', 1)
    assert.deepEqual(await provisionedBy(...all), ['1', '1', '1', undefined])
  })
})
