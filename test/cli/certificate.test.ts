import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { describe, test } from 'node:test'
import { readCertificate } from '../../src/cli/certificate.ts'
import { listen } from '../../src/lib/listen.ts'
import { connectRaw, statusesOf } from '../support/raw-client.ts'
import { makeCertificate } from '../support/self-signed.ts'

describe('--tls-cert and --tls-key', () => {
  test('go together', () => {
    assert.equal(readCertificate(undefined, undefined), undefined)
    assert.throws(() => readCertificate('a.pem', undefined), /--tls-cert needs --tls-key/)
    assert.throws(() => readCertificate(undefined, 'a.pem'), /--tls-key needs --tls-cert/)
  })

  test('name the file that cannot be read, or the pair that is none', (t) => {
    const [one, other] = [makeCertificate(t), makeCertificate(t)]
    if (one === undefined || other === undefined) return
    const { cert, key } = one
    assert.throws(() => readCertificate(cert, '/none.pem'), /--tls-key: cannot read \/none\.pem/)
    assert.throws(() => readCertificate(cert, other.key), /no certificate and its key/)
    assert.throws(() => readCertificate(key, key), /no certificate and its key/)
  })

  test('make the listener speak HTTPS, and nothing else', async (t) => {
    const files = makeCertificate(t)
    if (files === undefined) return
    const tls = readCertificate(files.cert, files.key)
    assert.ok(tls)
    const listening = await listen({ tls }, (request, response) => {
      response.end(`${request.url} over ${'encrypted' in request.socket ? 'TLS' : 'nothing'}`)
    })
    t.after(() => listening.close(0))
    const port = Number(new URL(listening.url).port)
    assert.equal(listening.url, `https://127.0.0.1:${port}`)

    const ca = readFileSync(files.cert)
    const answer = Promise.withResolvers<string>()
    get({ port, host: '127.0.0.1', servername: 'localhost', path: '/x', ca }, (response) => {
      response.toArray().then((all) => answer.resolve(Buffer.concat(all).toString()), answer.reject)
    }).on('error', answer.reject)
    assert.equal(await answer.promise, '/x over TLS')

    const plain = connectRaw(port)
    plain.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.deepEqual(statusesOf(await plain.over), [])
  })
})
