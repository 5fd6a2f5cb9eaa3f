import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Received } from '../send.ts'
import { ARN, errorIn, openApi, type Api } from './calls.ts'

const INVALID = 'InvalidParameterValueException'

function path(qualifier: string, name = 'a'): string {
  return `/2025-11-30/functions/${name}/function-scaling-config?Qualifier=${qualifier}`
}

function put(api: Api, min?: number, max?: number): Promise<Received> {
  const MinExecutionEnvironments = min
  const MaxExecutionEnvironments = max
  const FunctionScalingConfig = { MinExecutionEnvironments, MaxExecutionEnvironments }
  return api.call('PUT', path('$LATEST.PUBLISHED'), { FunctionScalingConfig })
}

async function get(api: Api, qualifier = '$LATEST.PUBLISHED'): Promise<unknown> {
  const { json } = await api.call('GET', path(qualifier))
  const {
    FunctionArn,
    AppliedFunctionScalingConfig: applied,
    ...rest
  } = json as Record<string, unknown>
  assert.equal(FunctionArn, `${ARN}:${qualifier}`)
  assert.deepEqual(rest, { RequestedFunctionScalingConfig: applied })
  return applied
}

describe('Function scaling config', () => {
  test('shows and changes the function’s limits, whichever version is named', async (t) => {
    const api = await openApi(t)
    assert.deepEqual(await get(api), { MinExecutionEnvironments: 0 })
    const { status, json } = await put(api, 2, 5)
    assert.deepEqual([status, json], [202, { FunctionState: 'Active' }])
    await api.publish()
    const scaling = { MinExecutionEnvironments: 2, MaxExecutionEnvironments: 5 }
    assert.deepEqual([await get(api), await get(api, '1')], [scaling, scaling])
    const off = await put(api, 0, 0)
    assert.deepEqual(off.json, { FunctionState: 'Deactivated' })
    assert.equal((await api.call('PUT', path('1'), {})).status, 202)
    assert.deepEqual(await get(api), { MinExecutionEnvironments: 0 })
  })

  test('has both ends or none, in order and in AWS’s bounds', async (t) => {
    const api = await openApi(t)
    const together = 'MinExecutionEnvironments and MaxExecutionEnvironments must be set together.'
    for (const [min, max] of [
      [1, undefined],
      [undefined, 1],
    ]) {
      assert.deepEqual(errorIn(await put(api, min, max)), [400, INVALID, together, 'User'])
    }
    assert.match(String(errorIn(await put(api, 3, 2))[2]), /3 must not be greater than .* 2\./)
    for (const [min, max, rule] of [
      [-1, 1, /at 'functionScalingConfig\.min.* greater than or equal to 0$/],
      [1, 15_001, /at 'functionScalingConfig\.max.* less than or equal to 15000$/],
    ] as const) {
      const answer = errorIn(await put(api, min, max))
      assert.equal(answer[1], 'ValidationException')
      assert.match(String(answer[2]), rule)
    }
    assert.deepEqual(await get(api), { MinExecutionEnvironments: 0 }, 'nothing was changed')
  })

  test('keeps no more warm than is reserved, versions included', async (t) => {
    const functions = { a: { group: 'g', reservedConcurrency: 4 }, b: { group: 'g' } }
    const api = await openApi(t, { functions })
    await api.publish()
    await api.provision('1', 3)
    assert.match(String(errorIn(await put(api, 2, 9))[2]), /^Requested Provisioned Concurrency/)
    assert.equal((await put(api, 1, 9)).status, 202)
  })

  test('may keep fewer warm even where the manifest left less than AWS’s hundred', async (t) => {
    const functions = { a: { group: 'g', provisionedConcurrency: 950 }, b: { group: 'g' } }
    const api = await openApi(t, { functions })
    assert.match(
      String(errorIn(await put(api, 951, 999))[2]),
      / below its minimum value of \[100\]/,
    )
    assert.equal((await put(api, 920, 999)).status, 202)
  })

  test('is of a published version, and the function is there', async (t) => {
    const api = await openApi(t)
    const pattern = String.raw`Member must satisfy regular expression pattern: (\$LATEST\.PUBLISHED|[0-9]+)`
    for (const qualifier of ['$LATEST', 'live']) {
      const answer = errorIn(await api.call('GET', path(qualifier)))
      assert.equal(answer[1], 'ValidationException')
      assert.ok(String(answer[2]).endsWith(pattern))
    }
    assert.equal(errorIn(await api.call('GET', path('7')))[2], `Function not found: ${ARN}:7`)
    const both = errorIn(await api.call('GET', path('7', 'a%3A1')))
    assert.match(String(both[2]), /^The derived qualifier from the function name does not match/)
    const nope = errorIn(await api.call('GET', path('$LATEST.PUBLISHED', 'nope')))
    assert.deepEqual(nope.slice(0, 2), [404, 'ResourceNotFoundException'])
  })
})
