import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { findGenerator, readAutocannon, readWrk } from '../../bench/support/load.ts'
import { whyInvalid } from '../../bench/support/sample.ts'

const GENERATOR = findGenerator()

async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

describe('the load generator', { timeout: 30_000 }, () => {
  // autocannon comes with the other peers, and a test must not install those.
  const skip = GENERATOR.name === 'wrk' ? false : 'wrk is not installed (Debian: apt install wrk)'

  it('sends the article’s request and counts the answers', { skip }, async (t) => {
    const seen = new Set<string>()
    const port = await serve(t, (req, res) => {
      void req.toArray().then((chunks) => {
        seen.add(`${req.method} ${req.url} ${req.headers['content-type']} ${chunks.join('')}`)
        res.end('{}')
      })
    })
    const load = await GENERATOR.run(port, 2, 1)
    assert.deepEqual([...seen], ['POST /lead/42 application/json {"name":"Ada","email":"a@x.io"}'])
    assert.equal(load.errors, 0)
    assert.ok(load.requests > 0 && load.p50Ms > 0 && load.p99Ms >= load.p50Ms)
    assert.ok(load.generatorBusy > 0)
  })

  it('counts every answer that is not 2xx as an error', { skip }, async (t) => {
    const port = await serve(t, (_, res) => res.writeHead(502).end())
    const load = await GENERATOR.run(port, 1, 1)
    assert.equal(load.errors, load.requests)
    assert.match(whyInvalid(load) ?? '', /requests failed/)
  })
})

describe('what the generators say', () => {
  it('is read from the line that lead.lua writes, whatever wrk prints around it', () => {
    const line = '{"requests":500,"durationUs":2000000,"p50Us":1500,"p99Us":9000,"errors":3}'
    assert.deepEqual(readWrk(`Running 2s test\n${line}\nTransfer/sec: 1MB\n`, 500_000), {
      requests: 500,
      requestsPerSecond: 250,
      p50Ms: 1.5,
      p99Ms: 9,
      errors: 3,
      generatorBusy: 0.25,
    })
    assert.throws(() => readWrk('unable to connect', 0), /unable to connect/)
  })

  it('is read from autocannon’s JSON, with all its kinds of errors together', () => {
    const said = {
      requests: { total: 500 },
      latency: { p50: 1, p99: 9 },
      duration: 2,
      errors: 1,
      timeouts: 2,
      non2xx: 4,
    }
    const load = readAutocannon(JSON.stringify(said), 1_000_000)
    assert.deepEqual([load.requestsPerSecond, load.errors, load.generatorBusy], [250, 7, 0.5])
  })
})

describe('a sample', () => {
  const good = {
    requests: 10,
    requestsPerSecond: 5,
    p50Ms: 1,
    p99Ms: 2,
    errors: 0,
    generatorBusy: 0.5,
  }

  it('counts when nothing failed and the generator had time left', () => {
    assert.equal(whyInvalid(good), undefined)
  })

  it('is void when the generator was the bottleneck, or nothing was answered', () => {
    assert.match(whyInvalid({ ...good, generatorBusy: 0.8 }) ?? '', /80 % busy/)
    assert.match(whyInvalid({ ...good, requests: 0 }) ?? '', /nothing was answered/)
  })
})
