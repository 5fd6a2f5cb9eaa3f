import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { choosePeers } from '../../bench/support/peers.ts'
import { describeSeries, ratios, warnings } from '../../bench/support/report.ts'
import type { Sample } from '../../bench/support/sample.ts'
import { faultOf } from '../../bench/support/workload.ts'

function sample(requestsPerSecond: number, more: Partial<Sample> = {}): Sample {
  return {
    requests: requestsPerSecond,
    requestsPerSecond,
    p50Ms: 1,
    p99Ms: 2,
    errors: 0,
    generatorBusy: 0.3,
    cpuUsPerRequest: 50,
    processes: 1,
    memoryMb: 50,
    foreignCores: 0,
    ...more,
  }
}

function series(title: string, samples: Sample[]): Parameters<typeof ratios>[0] {
  return { title, connections: 64, samples }
}

describe('a report', () => {
  const bare = series('bare', [sample(100), sample(1000), sample(200)])

  it('divides the two samples of a round, not the medians of all', () => {
    const peer = series('peer', [sample(50), sample(250), sample(20)])
    assert.deepEqual(ratios(peer, bare), [0.5, 0.25, 0.1])
  })

  it('leaves out a round in which either sample is void, and says why', () => {
    const peer = series('peer', [sample(50), sample(250, { invalid: '3 of 250 requests failed' })])
    assert.deepEqual(ratios(peer, bare), [0.5])
    assert.deepEqual(warnings([bare, peer]), ['peer, 64 connections: 3 of 250 requests failed'])
    assert.match(describeSeries([bare, peer]), /\| peer +\| 50 \(50–50\) .* 1 +\|\n?$/)
  })

  it('warns when the machine was not quiet', () => {
    const loud = series('loud', [sample(1, { foreignCores: 0.7 })])
    assert.deepEqual(warnings([loud]), ['others on this machine used 0.70 cores (median)'])
  })
})

describe('--only', () => {
  it('keeps the order of the table, so that the ratios have the same base', () => {
    const names = choosePeers('spillway,bare').map(({ name }) => name)
    assert.deepEqual(names, ['bare', 'spillway'])
  })

  it('names the peers there are when one is unknown', () => {
    assert.throws(() => choosePeers('bare,expres'), /bare, express, .* got: expres/)
  })
})

describe('an answer', () => {
  it('is right when it is 200 with the lead, in any order of keys', () => {
    const body = '{"email":"a@x.io","name":"Ada","leadId":"42"}'
    assert.equal(faultOf({ status: 200, body }), undefined)
  })

  it('is a fault otherwise, and the fault quotes it', () => {
    assert.match(faultOf({ status: 200, body: '{}' }) ?? '', /200 \{\}/)
    assert.match(faultOf({ status: 502, body: 'Bad Gateway' }) ?? '', /502 Bad Gateway/)
  })
})
