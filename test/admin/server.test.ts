import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serveAdmin } from './serve.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const CHANGE = JSON.stringify({
  changes: [{ scope: 'group', name: 'etl', field: 'maxConcurrency', value: 30 }],
})

describe('Health', () => {
  test('is alive under two names, whoever asks, ready or not', async (t) => {
    const served = await serveAdmin(t, {
      token: 't0ken',
      ready: () => ({ ok: false, checks: [] }),
    })
    for (const path of ['/livez', '/healthz']) {
      const { status, text } = await served.send(path, { headers: { host: '10.1.2.3:3003' } })
      assert.deepEqual([status, text], [200, 'ok\n'])
    }
  })

  test('is ready or not, and lists why to those who may know', async (t) => {
    const state = { ok: true }
    const ready = () => ({
      ok: state.ok,
      checks: [
        { name: 'pools', ok: true },
        { name: 'serving', ok: state.ok, ...(state.ok ? {} : { detail: 'draining' }) },
      ],
    })
    const served = await serveAdmin(t, { token: 't0ken', ready })
    const headers = { authorization: 'Bearer t0ken', host: 'spillway.internal' }
    assert.deepEqual(await answer('/readyz'), [200, 'ok\n'])
    state.ok = false
    assert.deepEqual(await answer('/readyz'), [503, 'not ready\n'])
    assert.deepEqual(await answer('/readyz?verbose'), [503, 'not ready\n'])
    assert.deepEqual(await answer('/readyz?verbose', headers), [
      503,
      '[+]pools ok\n[-]serving failed: draining\nnot ready\n',
    ])

    async function answer(path: string, given: Record<string, string> = {}): Promise<unknown> {
      const { status, text } = await served.send(path, { headers: given })
      return [status, text]
    }
  })
})

describe('The admin listener', () => {
  test('has everything behind the token when there is one', async (t) => {
    const served = await serveAdmin(t, { token: 't0ken' })
    for (const path of ['/metrics', '/api/limits', '/anything']) {
      for (const authorization of ['', 'Bearer wrong', 'Basic t0ken']) {
        const { status, headers, json } = await served.send(path, { headers: { authorization } })
        assert.equal(status, 401, path)
        assert.equal(headers['www-authenticate'], 'Bearer')
        assert.equal((json as { code: string }).code, 'UNAUTHENTICATED')
      }
    }
    const headers = { authorization: 'Bearer t0ken', host: 'spillway.internal:3003' }
    assert.equal((await served.send('/metrics', { headers })).status, 200)
  })

  test('answers no foreign name where there is no token', async (t) => {
    const served = await serveAdmin(t)
    const { status } = await served.send('/api/limits', { headers: { host: 'evil.example' } })
    assert.equal(status, 403)
    assert.equal((await served.send('/api/limits')).status, 200)
  })

  test('lets a foreign page follow a link, and change nothing', async (t) => {
    const served = await serveAdmin(t)
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      assert.equal((await served.send('/api/limits', { headers })).status, 200)
      for (const method of ['PATCH', 'POST']) {
        const sent = { method, headers: { ...JSON_TYPE, ...headers }, body: CHANGE }
        assert.equal((await served.send('/api/limits', sent)).status, 403)
      }
    }
    assert.deepEqual(served.audits, [])
  })

  test('says no to what it does not serve, in JSON', async (t) => {
    const served = await serveAdmin(t)
    const missing = await served.send('/api/nothing?a=1')
    assert.equal(missing.status, 404)
    assert.deepEqual(missing.json, {
      code: 'NOT_FOUND',
      message: 'nothing is served at /api/nothing',
    })
    const wrong = await served.send('/api/limits', { method: 'DELETE' })
    assert.equal(wrong.status, 405)
    assert.equal(wrong.headers['allow'], 'GET, PATCH, POST')
  })

  test('lets no browser run or frame anything of it, nor read it from elsewhere', async (t) => {
    const served = await serveAdmin(t)
    for (const path of ['/livez', '/metrics', '/api/limits', '/nothing']) {
      const { headers } = await served.send(path, { headers: { origin: 'https://evil.example' } })
      assert.equal(headers['x-content-type-options'], 'nosniff', path)
      assert.equal(headers['content-security-policy'], "default-src 'none'; frame-ancestors 'none'")
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
  })
})

describe('Limits', () => {
  test('are shown with what the gate holds', async (t) => {
    const served = await serveAdmin(t)
    served.gate.setSlots('report', 1)
    const ask = { functionName: 'report', maxWaitMs: 0, deadlineMs: 1000 } as const
    served.gate.acquire(
      { ...ask, priority: 'batch' },
      { onDecision: ({ kind }) => assert.equal(kind, 'permit') },
    )
    const { json } = await served.send('/api/limits')
    assert.deepEqual(json, { config: served.gate.config, gate: served.gate.snapshot() })
    assert.equal(served.gate.snapshot().account.inUse, 1)
  })

  test('are changed at once, all or none, and it is known by whom', async (t) => {
    const served = await serveAdmin(t)
    const changes = [
      { scope: 'group', name: 'etl', field: 'guaranteedConcurrency', value: 3 },
      { scope: 'function', name: 'lead', field: 'reservedConcurrency', value: null },
      { scope: 'account', name: '', field: 'maxConcurrency', value: 7 },
    ]
    const body = JSON.stringify({ changes, by: 'ada' })
    const { status, json } = await served.send('/api/limits', {
      method: 'PATCH',
      headers: JSON_TYPE,
      body,
    })
    assert.equal(status, 200)
    const { config, changed } = json as { config: unknown; changed: readonly object[] }
    assert.deepEqual(config, served.gate.config)
    assert.deepEqual(
      changed,
      changes.map((change, at) => ({ ...change, from: [null, 5, 100][at] })),
    )
    assert.deepEqual(served.gate.config.groups, {
      etl: { maxConcurrency: 20, guaranteedConcurrency: 3 },
    })
    assert.deepEqual(served.gate.config.functions['lead'], { group: 'shop' })
    assert.equal(served.gate.config.account.maxConcurrency, 7)
    assert.deepEqual(served.audits, [{ by: 'ada', changes }])
  })

  test('are changed for a time where that is asked, and saved where there is a place for it', async (t) => {
    const served = await serveAdmin(t)
    const change = { scope: 'group', name: 'etl', field: 'maxConcurrency', value: 5 }
    const send = async (more: object) => {
      const body = JSON.stringify({ changes: [change], by: 'ada', ...more })
      return await served.send('/api/limits', { method: 'PATCH', headers: JSON_TYPE, body })
    }
    assert.equal((await send({ forMs: 60_000 })).status, 200)
    assert.deepEqual(served.audits, [{ by: 'ada', changes: [change], forMs: 60_000 }])
    const { status, json } = await send({ save: true })
    assert.equal(status, 400)
    assert.deepEqual(json, {
      code: 'SPILLWAY_LIMITS',
      message: 'nothing is saved here: this Spillway has no data directory',
    })
    assert.equal((await send({ save: true, forMs: 5 })).status, 400)
    assert.equal((await send({ forMs: '5' })).status, 400)
  })

  test('stay as they are when one change does not fit, and the sentence says which', async (t) => {
    const served = await serveAdmin(t)
    const before = served.gate.config
    const changes = [
      { scope: 'account', name: '', field: 'maxConcurrency', value: 50 },
      { scope: 'group', name: 'etls', field: 'maxConcurrency', value: 1 },
    ]
    const { status, json } = await served.send('/api/limits', {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ changes }),
    })
    assert.equal(status, 400)
    assert.deepEqual(json, {
      code: 'SPILLWAY_LIMITS',
      message: 'no group is named "etls", did you mean "etl"?',
    })
    assert.equal(served.gate.config, before)
  })

  test('are not changed by what is malformed, and the place is named', async (t) => {
    const served = await serveAdmin(t)
    const one = { scope: 'account', name: '', field: 'maxConcurrency', value: 1 }
    for (const [body, pattern] of [
      ['{', /JSON/],
      ['[]', /^changes: /],
      ['{"changes":[]}', /^changes: /],
      [JSON.stringify({ changes: [{ ...one, scope: 'team' }] }), /^changes\.0\.scope: .*"team"/],
      [JSON.stringify({ changes: [one, { ...one, value: '1' }] }), /^changes\.1\.value: /],
      [JSON.stringify({ changes: [{ ...one, valeu: 1 }] }), /^changes\.0\.valeu: /],
      [JSON.stringify({ changes: [one], by: 'x'.repeat(257) }), /^by: /],
    ] as const) {
      const sent = { method: 'PATCH', headers: JSON_TYPE, body }
      const { status, json } = await served.send('/api/limits', sent)
      assert.equal(status, 400, body)
      assert.match((json as { message: string }).message, pattern, body)
    }
    assert.deepEqual(served.audits, [])
  })

  test('are not changed by a form or plain text, which any page may send', async (t) => {
    const served = await serveAdmin(t)
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/jsonx',
      '',
    ]) {
      const sent = { method: 'POST', headers: { 'content-type': type }, body: CHANGE }
      assert.equal((await served.send('/api/limits', sent)).status, 415, type)
    }
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    const sent = { method: 'POST', headers, body: CHANGE }
    assert.equal((await served.send('/api/limits', sent)).status, 200)
  })

  test('take a body of 64 KiB and not a byte more', async (t) => {
    const served = await serveAdmin(t)
    const send = (length: number) =>
      served.send('/api/limits', {
        method: 'PATCH',
        headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' },
        body: CHANGE.padStart(length),
      })
    assert.equal((await send(65_536)).status, 200)
    assert.equal((await send(65_537)).status, 413)
  })
})
