import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { appOf, okOutcome, serveAws } from './serve.ts'

const INVOKE = '/2015-03-31/functions/hello/invocations'
const app = appOf([{ name: 'hello' }])

describe('The AWS endpoint', () => {
  test('refuses every combination of a foreign name, origin or site, and lets every other pass', async (t) => {
    let invoked = 0
    const served = await serveAws(t, app, () => {
      invoked++
      return okOutcome('1')
    })
    const own = `127.0.0.1:${served.port}`
    const hosts = {
      [own]: true,
      [`localhost:${served.port}`]: true,
      'evil.example': false,
      [`127.0.0.1.nip.io:${served.port}`]: false,
    }
    const origins = {
      none: true,
      own: true,
      'https://evil.example': false,
      'http://localhost:5173': false,
      null: false,
    }
    const sites = { none: true, 'same-origin': true, 'cross-site': false, 'same-site': false }
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded']
    const asks = Object.entries(hosts).flatMap(([host, hostGood]) =>
      Object.entries(origins).flatMap(([origin, originGood]) =>
        Object.entries(sites).flatMap(([site, siteGood]) =>
          types.map((type) => ({
            good: hostGood && originGood && siteGood,
            headers: {
              host,
              'content-type': type,
              ...(origin === 'none'
                ? {}
                : { origin: origin === 'own' ? `http://${host}` : origin }),
              ...(site === 'none' ? {} : { 'sec-fetch-site': site }),
            },
          })),
        ),
      ),
    )
    for (const { good, headers } of asks) {
      const { status, headers: got } = await served.send(INVOKE, {
        method: 'POST',
        headers,
        body: '{}',
      })
      assert.equal(status, good ? 200 : 403, JSON.stringify(headers))
      assert.equal(got['access-control-allow-origin'], undefined)
    }
    const passed = asks.filter(({ good }) => good).length
    assert.equal(invoked, passed)
    assert.deepEqual([asks.length, passed], [240, 24])
  })

  test('gives a preflight nothing', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
    const { status, headers: got } = await served.send(INVOKE, { method: 'OPTIONS', headers })
    assert.equal(status, 403)
    assert.deepEqual(
      Object.keys(got).filter((name) => name.startsWith('access-control')),
      [],
    )
  })

  test('says in JSON which target it does not serve', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const { status, json } = await served.send('/', {
      method: 'POST',
      headers: {
        'x-amz-target': 'AWSEvents.PutRule',
        'content-type': 'application/x-amz-json-1.1',
      },
      body: '{}',
    })
    assert.equal(status, 400)
    assert.deepEqual(json, {
      __type: 'com.amazon.coral.service#UnknownOperationException',
      message:
        'The operation AWSEvents.PutRule is not served. Spillway serves the Lambda API, SQS, EventBridge PutEvents and SNS Publish here; rules, topics and subscriptions come from the manifest.',
    })
  })

  test('says in XML which action it does not serve, wherever it stands, and escapes it', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const asForm = await served.send('/', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      body: 'Action=%3Cb%3E%26&Version=2010-03-31',
    })
    const asQuery = await served.send('/?Action=Subscribe')
    assert.equal(asForm.status, 400)
    assert.equal(asForm.headers['content-type'], 'text/xml')
    assert.match(
      asForm.text,
      /<Code>InvalidAction<\/Code><Message>The action &#60;b&#62;&#38; is not valid/,
    )
    assert.match(asQuery.text, /The action Subscribe is not valid for this endpoint/)
  })

  test('knows no other path', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    for (const path of [
      '/',
      '/functions/hello',
      '//2015-03-31/functions',
      '/%2e%2e/2015-03-31/functions',
    ]) {
      const { status, headers } = await served.send(path)
      assert.equal(status, 404, path)
      assert.equal(headers['x-amzn-errortype'], 'UnknownOperationException', path)
    }
  })

  test('says 501 of what Lambda has and Spillway has not, not 404: the function is there', async (t) => {
    const served = await serveAws(t, app, () => okOutcome('1'))
    const { status, headers, json } = await served.send('/2015-03-31/functions/hello/code', {
      method: 'PUT',
    })
    assert.equal(status, 501)
    assert.equal(headers['x-amzn-errortype'], 'UnknownOperationException')
    assert.match(
      (json as { message: string }).message,
      /^PUT \/2015-03-31\/functions\/hello\/code is not an operation/,
    )
  })

  test('answers a bug of ours with a 500 that tells nothing, and passes it on', async (t) => {
    const bug = new Error('secret detail')
    const served = await serveAws(t, app, () => Promise.reject(bug))
    const { status, text } = await served.send(INVOKE, { method: 'POST' })
    assert.equal(status, 500)
    assert.doesNotMatch(text, /secret/)
    assert.deepEqual(served.errors, [bug])
  })
})
