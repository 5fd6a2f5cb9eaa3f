import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { virtualClock } from '../../../src/lib/clock.ts'
import { ARN, errorIn, openApi, provisionedPath } from './calls.ts'

const INVALID = 'InvalidParameterValueException'
const NOT_FOUND = 'ResourceNotFoundException'

describe('Provisioned concurrency', () => {
  test('goes from IN_PROGRESS to READY as environments become warm', async (t) => {
    const warmth = { ready: 0, failing: false }
    const clock = virtualClock(Date.UTC(2026, 10, 25, 2, 26, 50))
    const api = await openApi(t, {}, { warmth: () => warmth, clock })
    await api.publish()
    const shown = (available: number, Status: string): object => ({
      RequestedProvisionedConcurrentExecutions: 2,
      AvailableProvisionedConcurrentExecutions: available,
      AllocatedProvisionedConcurrentExecutions: available,
      Status,
      LastModified: '2026-11-25T02:26:50+0000',
    })
    warmth.ready = 2
    const put = await api.provision('1', 2)
    assert.deepEqual([put.status, put.json], [202, shown(0, 'IN_PROGRESS')])
    clock.advance(5000)
    for (const [ready, status] of [
      [1, 'IN_PROGRESS'],
      [2, 'READY'],
    ] as const) {
      warmth.ready = ready
      const got = await api.provisioned('1')
      assert.deepEqual([got.status, got.json], [200, shown(ready, status)])
    }
    warmth.ready = 7
    assert.deepEqual((await api.provisioned('1')).json, shown(2, 'READY'))
  })

  test('has FAILED while nothing can be started', async (t) => {
    const api = await openApi(t, {}, { warmth: () => ({ ready: 0, failing: true }) })
    await api.publish()
    await api.provision('1', 1)
    const { Status, StatusReason } = (await api.provisioned('1')).json as Record<string, unknown>
    assert.deepEqual([Status, StatusReason], ['FAILED', 'FUNCTION_ERROR_INIT_FAILURE'])
  })

  test('deals the warm environments out, the function’s own first', async (t) => {
    const functions = { a: { group: 'g', provisionedConcurrency: 2 }, b: { group: 'g' } }
    const api = await openApi(t, { functions }, { warmth: () => ({ ready: 4, failing: false }) })
    await api.publish()
    api.renew()
    await api.publish()
    await api.provision('1', 1)
    await api.provision('2', 2)
    const available = async (qualifier: string): Promise<unknown> =>
      ((await api.provisioned(qualifier)).json as Record<string, unknown>)[
        'AvailableProvisionedConcurrentExecutions'
      ]
    assert.deepEqual([await available('1'), await available('2')], [1, 1])
  })

  test('is of published versions and aliases that are there', async (t) => {
    const api = await openApi(t)
    await api.publish()
    const cases = [
      ['a', 'live', `Cannot find alias arn: ${ARN}:live`],
      ['a', '10', `Function not found: ${ARN}:10`],
      ['nope', 'live', `Cannot find alias arn: ${ARN.slice(0, -1)}nope:live`],
      ['nope', '1', `Function not found: ${ARN.slice(0, -1)}nope:1`],
    ] as const
    for (const [name, qualifier, message] of cases) {
      const path = provisionedPath(name, qualifier)
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const body = method === 'PUT' ? { ProvisionedConcurrentExecutions: 1 } : undefined
        const answer = await api.call(method, path, body)
        assert.deepEqual(errorIn(answer), [404, NOT_FOUND, message, 'User'], `${method} ${path}`)
      }
    }
    const latest = provisionedPath('a', '$LATEST')
    const named = 'The function resource provided must be an alias or a published version.'
    for (const method of ['GET', 'DELETE']) {
      assert.deepEqual(errorIn(await api.call(method, latest)), [400, INVALID, named, 'User'])
    }
    const unpublished =
      'Provisioned Concurrency Configs cannot be applied to unpublished function versions.'
    assert.deepEqual(errorIn(await api.provision('$LATEST', 1)), [
      400,
      INVALID,
      unpublished,
      'User',
    ])
    await api.alias({ Name: 'newest', FunctionVersion: '$LATEST' })
    assert.equal(errorIn(await api.provision('newest', 1))[2], unpublished)
  })

  test('is at least 1, and a qualifier comes with it', async (t) => {
    const api = await openApi(t)
    const rule = (value: string, member: string, said: string): string =>
      `1 validation error detected: Value ${value} at '${member}' failed to satisfy constraint: Member must ${said}`
    assert.deepEqual(errorIn(await api.provision('1', 0)), [
      400,
      'ValidationException',
      rule(`'0'`, 'provisionedConcurrentExecutions', 'have value greater than or equal to 1'),
      null,
    ])
    const path = '/2019-09-30/functions/a/provisioned-concurrency'
    const missing = rule('null', 'qualifier', 'not be null')
    assert.equal(errorIn(await api.call('GET', path))[2], missing)
    await api.publish()
    const named = await api.call('PUT', path.replace('/a/', '/a%3A1/'), {
      ProvisionedConcurrentExecutions: 1,
    })
    assert.equal(named.status, 202)
  })

  test('takes from the account what no reservation holds, and leaves the hundred', async (t) => {
    const api = await openApi(t)
    await api.publish()
    await api.publish('b')
    const above = (n: number): string =>
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${n}].`
    const below =
      "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100]."
    assert.deepEqual(errorIn(await api.provision('1', 1001)), [400, INVALID, above(1000), null])
    assert.deepEqual(errorIn(await api.provision('1', 1000)), [400, INVALID, below, null])
    assert.equal((await api.provision('1', 500)).status, 202)
    assert.equal(errorIn(await api.provision('1', 501, 'b'))[2], above(500))
    assert.equal(errorIn(await api.provision('1', 401, 'b'))[2], below)
    assert.equal((await api.provision('1', 400, 'b')).status, 202)
    const { json } = await api.call('GET', '/2016-08-19/account-settings')
    const { AccountLimit } = json as { AccountLimit: Record<string, unknown> }
    assert.equal(AccountLimit['UnreservedConcurrentExecutions'], 100)
    assert.equal((await api.provision('1', 300)).status, 202, 'less always fits')
  })

  test('is refused with our own sentence where another limit stands against it', async (t) => {
    const functions = { a: { group: 'g', reservedConcurrency: 5 }, b: { group: 'g' } }
    const api = await openApi(t, { groups: { g: { maxConcurrency: 10 } }, functions })
    await api.publish()
    assert.deepEqual(errorIn(await api.provision('1', 6)), [
      400,
      INVALID,
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
      'User',
    ])
    assert.equal((await api.provision('1', 5)).status, 202)
  })

  test('is listed in pages, and stays through a reload until it is deleted', async (t) => {
    const api = await openApi(t)
    await api.publish()
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    api.renew()
    await api.publish()
    await api.provision('live', 1)
    await api.provision('2', 3)
    api.renew()
    const list = async (more = ''): Promise<Record<string, unknown>> => {
      const path = `/2019-09-30/functions/a/provisioned-concurrency?List=ALL${more}`
      return (await api.call('GET', path)).json as Record<string, unknown>
    }
    const arns = ({ ProvisionedConcurrencyConfigs: configs }: Record<string, unknown>): unknown[] =>
      (configs as { FunctionArn: string }[]).map(({ FunctionArn }) => FunctionArn)
    assert.deepEqual(arns(await list()), [`${ARN}:2`, `${ARN}:live`])
    const first = await list('&MaxItems=1')
    assert.deepEqual(arns(first), [`${ARN}:2`])
    const next = await list(`&MaxItems=1&Marker=${String(first['NextMarker'])}`)
    assert.deepEqual([arns(next), next['NextMarker']], [[`${ARN}:live`], undefined])
    await api.call('DELETE', provisionedPath('a', '2'))
    await api.call('DELETE', '/2015-03-31/functions/a/aliases/live')
    assert.deepEqual(arns(await list()), [])
    const nope = '/2019-09-30/functions/nope/provisioned-concurrency?List=ALL'
    const message = `Function not found: ${ARN.slice(0, -1)}nope`
    assert.deepEqual(errorIn(await api.call('GET', nope)), [404, NOT_FOUND, message, 'User'])
  })
})
