import { median } from '../../bench/support/stats.ts'
import { loadApp } from '../../src/manifest/load.ts'
import { createSpillway, type Spillway } from '../../src/spillway.ts'
import { makeFolder } from '../support/service.ts'
import { childPids } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

const EACH_BYTES_MAX = 5 * 1024

/**
 * A manifest of a thousand functions, of which nobody calls any: no process, little memory; and the
 * last answers its first request as fast as the first.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const count = sizeOf(sizes, 'functions')
  // First what is only made once.
  await (await serve(10)).spillway.close()
  const few = await measured(10)
  const many = await measured(count)
  const eachBytes = (many.heap - few.heap) / (count - 10)
  const children = childPids().length
  const firsts = sizeOf(sizes, 'firsts')
  const [firstMs, lastMs] = await firstRequests(many.spillway, count, firsts)
  await few.spillway.close()
  await many.spillway.close()
  return {
    facts: {
      functions: count,
      'read ms': many.readMs.toFixed(0),
      'served ms': many.serveMs.toFixed(0),
      'bytes each': eachBytes.toFixed(0),
      'processes before any request': children,
      'first request of the first ones, ms': firstMs.toFixed(0),
      'first request of the last ones, ms': lastMs.toFixed(0),
    },
    failures: failuresOf({
      processes: [children > 0, `${children} processes were started for nobody`],
      memory: [eachBytes > EACH_BYTES_MAX, `${eachBytes.toFixed(0)} bytes for each function`],
    }),
  }
}

interface Served {
  readonly spillway: Spillway
  readonly readMs: number
  readonly serveMs: number
}

async function measured(count: number): Promise<Served & { readonly heap: number }> {
  const before = heap()
  const served = await serve(count)
  return { ...served, heap: heap() - before }
}

function heap(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function serve(count: number): Promise<Served> {
  const functions = Array.from(
    { length: count },
    (_, i) => `  f${i}: { handler: h.handler, events: [{ httpApi: 'GET /f${i}/{id}' }] }\n`,
  )
  const folder = makeFolder({
    'serverless.yml': `
service: many
provider: { name: aws, runtime: nodejs24.x }
functions:
${functions.join('')}`,
    'h.mjs': 'export const handler = async () => 1',
  })
  const [sinceMs, listen] = [performance.now(), { port: 0 }]
  const app = await loadApp({ paths: [folder], env: {} })
  const readMs = performance.now() - sinceMs
  const spillway = await createSpillway({
    app,
    listen: { api: listen, aws: listen, admin: listen },
    onLog: () => {},
  })
  return { spillway, readMs, serveMs: performance.now() - sinceMs - readMs }
}

/** In turns, as the machine is not equally busy all the time. */
async function firstRequests(
  { urls }: Spillway,
  count: number,
  firsts: number,
): Promise<[number, number]> {
  const [first, last]: [number[], number[]] = [[], []]
  const request = async (index: number): Promise<number> => {
    const sinceMs = performance.now()
    const response = await fetch(`${urls.api}/f${index}/1`)
    if (response.status !== 200) throw new Error(`f${index}: ${response.status}`)
    await response.text()
    return performance.now() - sinceMs
  }
  await request(count >> 1)
  for (let i = 0; i < firsts; i++) {
    first.push(await request(i))
    last.push(await request(count - 1 - i))
  }
  return [median(first), median(last)]
}
