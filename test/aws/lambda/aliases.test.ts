import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ARN, errorIn, openApi, type Api } from './calls.ts'

const INVALID = 'InvalidParameterValueException'
const NOT_FOUND = 'ResourceNotFoundException'

/** Two versions of `a`. */
async function publishTwo(api: Api): Promise<void> {
  await api.publish()
  api.renew()
  await api.publish()
}

function violation(value: string, member: string, rule: string): unknown[] {
  const at = `1 validation error detected: Value '${value}' at '${member}'`
  return [400, 'ValidationException', `${at} failed to satisfy constraint: ${rule}`, null]
}

describe('An alias', () => {
  test('may have any name but a number', async (t) => {
    const api = await openApi(t)
    await api.publish()
    assert.equal((await api.alias({ Name: '2024-01-02', FunctionVersion: '1' })).status, 201)
    const rule = 'Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)'
    for (const Name of ['2024', 'a b', '$LATEST']) {
      const answer = await api.alias({ Name, FunctionVersion: '1' })
      assert.deepEqual(errorIn(answer), violation(Name, 'name', rule))
    }
    const nameless = await api.alias({ FunctionVersion: '1' })
    assert.match(String(errorIn(nameless)[2]), /Value null at 'name'/)
  })

  test('leads to a version that is there, of a function that is there', async (t) => {
    const api = await openApi(t)
    await publishTwo(api)
    const live = { Name: 'live', FunctionVersion: '1' }
    const cases = [
      [{ ...live, FunctionVersion: '10' }, 'a', `${ARN}:10`],
      [{ ...live, ...weigh({ 10: 0.5 }) }, 'a', `${ARN}:10`],
      [live, 'nope', `${ARN.slice(0, -1)}nope:1`],
    ] as const
    for (const [body, name, arn] of cases) {
      const message = `Function not found: ${arn}`
      assert.deepEqual(errorIn(await api.alias(body, name)), [404, NOT_FOUND, message, 'User'])
    }
    assert.equal((await api.alias({ Name: 'newest', FunctionVersion: '$LATEST' })).status, 201)
    const wrong = await api.alias({ ...live, FunctionVersion: 'one' })
    assert.equal(errorIn(wrong)[1], 'ValidationException')
  })

  test('is not made twice', async (t) => {
    const api = await openApi(t)
    await api.publish()
    const live = { Name: 'live', FunctionVersion: '1' }
    assert.equal((await api.alias(live)).status, 201)
    const message = `Alias already exists: ${ARN}:live`
    const conflict = [409, 'ResourceConflictException', message, 'User']
    assert.deepEqual(errorIn(await api.alias(live)), conflict)
  })

  test('weighs one more version, between 0 and 1', async (t) => {
    const api = await openApi(t)
    await publishTwo(api)
    const live = { Name: 'live', FunctionVersion: '1' }
    const member = 'routingConfig.additionalVersionWeights'
    const values =
      'Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]'
    const keys =
      'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]'
    const cases: [object, unknown[]][] = [
      [
        { ...live, ...weigh({ 1: 0.8, 2: 0.2 }) },
        [
          400,
          INVALID,
          'Number of items in AdditionalVersionWeights cannot be greater than 1',
          'User',
        ],
      ],
      [{ ...live, ...weigh({ 2: 2 }) }, violation('{2=2.0}', member, values)],
      [{ ...live, ...weigh({ 2: -1 }) }, violation('{2=-1.0}', member, values)],
      [{ ...live, ...weigh({ $LATEST: 0.5 }) }, violation('{$LATEST=0.5}', member, keys)],
      [
        { ...live, ...weigh({ 1: 0.5 }) },
        [
          400,
          INVALID,
          'Invalid function version 1. Function version 1 is already included in routing configuration.',
          'User',
        ],
      ],
      [
        { ...live, FunctionVersion: '$LATEST', ...weigh({ 1: 0.5 }) },
        [
          400,
          INVALID,
          '$LATEST is not supported for an alias pointing to more than 1 version',
          null,
        ],
      ],
    ]
    for (const [body, expected] of cases) assert.deepEqual(errorIn(await api.alias(body)), expected)
    const { json } = await api.alias({ ...live, ...weigh({}) })
    assert.equal(Object.hasOwn(json as object, 'RoutingConfig'), false)
  })

  test('leads to the other version for the part of the invocations that it weighs', async (t) => {
    let random = 0
    const api = await openApi(t, {}, { random: () => random })
    await publishTwo(api)
    await api.alias({ Name: 'live', FunctionVersion: '1', ...weigh({ 2: 0.25 }) })
    const executed: unknown[] = []
    for (random of [0, 0.24, 0.25, 0.99]) {
      const { headers } = await api.call('POST', '/2015-03-31/functions/a:live/invocations', {})
      executed.push(headers['x-amz-executed-version'])
    }
    assert.deepEqual(executed, ['2', '2', '1', '1'])
    assert.ok(api.invocations.every(({ invokedArn }) => invokedArn === `${ARN}:live`))
  })

  test('keeps what an update does not name', async (t) => {
    const api = await openApi(t)
    await publishTwo(api)
    const path = '/2015-03-31/functions/a/aliases/live'
    const about = { Name: 'live', FunctionVersion: '1', Description: 'D' }
    await api.alias({ ...about, ...weigh({ 2: 0.5 }) })
    const { RevisionId: _, ...updated } = (await api.call('PUT', path, {})).json as Record<
      string,
      unknown
    >
    assert.deepEqual(updated, {
      AliasArn: `${ARN}:live`,
      ...about,
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } },
    })
    const missing = await api.call('PUT', path.replace('live', 'other'), {})
    const message = `Alias not found: ${ARN}:other`
    assert.deepEqual(errorIn(missing), [404, NOT_FOUND, message, 'User'])
    const onto = await api.call('PUT', path, { FunctionVersion: '2' })
    assert.equal(onto.status, 400, 'the version that is weighed already')
  })

  test('cannot move onto a version that has provisioned its own, when it has too', async (t) => {
    const api = await openApi(t)
    await publishTwo(api)
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    await api.provision('live', 1)
    await api.provision('2', 1)
    const path = '/2015-03-31/functions/a/aliases/live'
    const moved = await api.call('PUT', path, { FunctionVersion: '2' })
    assert.deepEqual(errorIn(moved).slice(0, 2), [409, 'ResourceConflictException'])
  })

  test('is gone once it is deleted, however often', async (t) => {
    const api = await openApi(t)
    await api.publish()
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    const path = '/2015-03-31/functions/a/aliases/live'
    for (const _ of [1, 2]) assert.equal((await api.call('DELETE', path)).status, 204)
    const message = `Cannot find alias arn: ${ARN}:live`
    assert.deepEqual(errorIn(await api.call('GET', path)), [404, NOT_FOUND, message, 'User'])
    const invoked = await api.call('POST', '/2015-03-31/functions/a:live/invocations', {})
    assert.equal(errorIn(invoked)[2], `Function not found: ${ARN}:live`)
  })
})

function weigh(weights: Readonly<Record<string, number>>): object {
  return { RoutingConfig: { AdditionalVersionWeights: weights } }
}
