import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../support/until.ts'
import { ARN, errorIn, openApi } from './calls.ts'

const PATH = '/2015-03-31/functions/a/invocations'
const EVENT = { 'X-Amz-Invocation-Type': 'Event' }
const PAYLOAD_BYTES_MAX = 1_048_576

describe('Invoke with InvocationType Event', () => {
  test('answers 202 and nothing, and the function is invoked with the bytes as they came', async (t) => {
    const api = await openApi(t)
    const context = Buffer.from('{"custom":{}}').toString('base64')
    const headers = { ...EVENT, 'X-Amz-Client-Context': context }
    const sent = { method: 'POST', headers, body: ' {"n": 1.50}' }
    const { status, text, headers: answered } = await api.send(PATH, sent)
    assert.deepEqual([status, text], [202, ''])
    await until('the invocation', () => api.invocations.length === 1)
    const [{ payload, id, invokedArn, source, clientContext } = {}] = api.invocations
    assert.ok(payload?.kind === 'json')
    assert.equal(Buffer.from(payload.json).toString(), ' {"n": 1.50}')
    assert.equal(id, answered['x-amzn-requestid'])
    assert.deepEqual([invokedArn, source, clientContext], [ARN, 'event', '{"custom":{}}'])
  })

  test('gives the handler an empty object where no payload came', async (t) => {
    const api = await openApi(t)
    assert.equal((await api.send(PATH, { method: 'POST', headers: EVENT })).status, 202)
    await until('the invocation', () => api.invocations.length === 1)
    const [{ payload } = {}] = api.invocations
    assert.equal(payload?.kind === 'json' && Buffer.from(payload.json).toString(), '{}')
  })

  test('takes a mebibyte and not a byte more', async (t) => {
    const api = await openApi(t)
    const sent = async (length: number) =>
      await api.send(PATH, { method: 'POST', headers: EVENT, body: `"${'a'.repeat(length - 2)}"` })
    assert.equal((await sent(PAYLOAD_BYTES_MAX)).status, 202)
    assert.deepEqual(errorIn(await sent(PAYLOAD_BYTES_MAX + 1)), [
      413,
      'RequestEntityTooLargeException',
      '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
      null,
    ])
  })

  test('checks what it takes before it takes it', async (t) => {
    const api = await openApi(t)
    const bad = await api.send(PATH, { method: 'POST', headers: EVENT, body: '{' })
    assert.deepEqual([bad.status, errorIn(bad)[1]], [400, 'InvalidRequestContentException'])
    const unknown = await api.send(PATH.replace('/a/', '/nobody/'), {
      method: 'POST',
      headers: EVENT,
    })
    assert.equal(unknown.status, 404)
    const stream = await api.send('/2021-11-15/functions/a/response-streaming-invocations', {
      method: 'POST',
      headers: EVENT,
    })
    assert.match(String(errorIn(stream)[2]), /enum value set: \[RequestResponse, DryRun\]/)
    assert.deepEqual(api.invocations, [])
  })

  test('names the version that an alias leads to', async (t) => {
    const api = await openApi(t)
    await api.publish()
    await api.alias({ Name: 'live', FunctionVersion: '1' })
    await api.send(`${PATH}?Qualifier=live`, { method: 'POST', headers: EVENT })
    await until('the invocation', () => api.invocations.length === 1)
    assert.equal(api.invocations[0]?.invokedArn, `${ARN}:live`)
  })

  test('was InvokeAsync once, which still works', async (t) => {
    const api = await openApi(t)
    const { status, json } = await api.call('POST', '/2014-11-13/functions/a/invoke-async', {
      a: 1,
    })
    assert.deepEqual([status, json], [202, { Status: 202 }])
    await until('the invocation', () => api.invocations.length === 1)
  })
})
