import { setTimeout as after } from 'node:timers/promises'
import { slope } from './figures.ts'
import { childPids, closedLoop, openFiles, openParts, type Parts } from './parts.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

/** Says what it holds after a collection, when asked; with `bytes` it keeps so many each time. */
const HANDLER = `
require('node:v8').setFlagsFromString('--expose-gc')
const gc = require('node:vm').runInNewContext('gc')
const kept = []
exports.handler = async ({ sample, bytes }) => {
  if (sample) {
    gc()
    gc()
    const { heapUsed, external, rss } = process.memoryUsage()
    return { pid: process.pid, heap: heapUsed + external, rss, timers: process.getActiveResourcesInfo().length }
  }
  if (bytes > 0) kept.push(Array.from({ length: bytes / 10 }, () => 1.5))
  return 1
}
`
interface Sample {
  readonly at: number
  readonly server: Held
  readonly environment: Held
  readonly children: number
}

interface Held {
  readonly heap: number
  readonly rss: number
  readonly fds: number
  readonly resources: number
}

/**
 * T19: memory after a collection, open files, timers and children, over many invocations, of the
 * server and of an environment. A line through the samples says what one invocation leaves behind.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const parts = openParts({ files: { 'index.js': HANDLER }, functions: [{ name: 'one' }] })
  const samples: Sample[] = []
  const [count, wanted] = [sizeOf(sizes, 'invocations'), sizeOf(sizes, 'samples')]
  const bytes = sizeOf(sizes, 'plantedBytes')
  const pid = (await sampleOf(parts)).pid
  const each = Math.floor(count / wanted)
  // First what is only made once: code, pools, caches.
  for (let at = -2 * each; at < count; at += each) {
    await closedLoop(each, 32, async () => {
      const { status } = await parts.invoke('one', { bytes })
      if (status !== 'ok') throw new Error(`an invocation ended as ${status}`)
    })
    if (at < 0) continue
    const { held } = await sampleOf(parts, pid)
    samples.push({
      at: at + each,
      environment: held,
      server: await ownSample(),
      children: childPids().length,
    })
  }
  await parts.close()
  return toVerdict(samples, sizeOf(sizes, 'leakBytes'))
}

/** Of the environment with this pid; others, if any, are asked again. */
async function sampleOf(parts: Parts, pid?: number): Promise<{ pid: number; held: Held }> {
  for (;;) {
    const outcome = await parts.invoke('one', { sample: true })
    if (outcome.status !== 'ok' || outcome.result.kind !== 'json') throw new Error('no sample')
    const { timers, ...said } = JSON.parse(Buffer.from(outcome.result.json).toString()) as {
      pid: number
      heap: number
      rss: number
      timers: number
    }
    if (pid !== undefined && said.pid !== pid) continue
    return { pid: said.pid, held: { ...said, fds: openFiles(said.pid), resources: timers } }
  }
}

async function ownSample(): Promise<Held> {
  // What is under way is let end.
  await after(50)
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo().length
  return { heap: heapUsed + external, rss, fds: openFiles('self'), resources }
}

function toVerdict(samples: readonly Sample[], leakBytes: number): Verdict {
  const perInvocation = (who: 'server' | 'environment', what: 'heap' | 'rss'): number =>
    slope(samples.map((sample) => [sample.at, sample[who][what]] as const))
  const grown = (who: 'server' | 'environment', what: 'fds' | 'resources'): number =>
    (samples.at(-1)?.[who][what] ?? NaN) - (samples[0]?.[who][what] ?? NaN)
  const [serverHeap, environmentHeap] = [
    perInvocation('server', 'heap'),
    perInvocation('environment', 'heap'),
  ]
  const files = grown('server', 'fds') + grown('environment', 'fds')
  const resources = grown('server', 'resources') + grown('environment', 'resources')
  const children = (samples.at(-1)?.children ?? NaN) - (samples[0]?.children ?? NaN)
  const mb = (bytes = NaN): string => `${(bytes / 2 ** 20).toFixed(1)} MB`
  return {
    facts: {
      invocations: samples.at(-1)?.at ?? 0,
      'server heap, bytes each': serverHeap.toFixed(3),
      'environment heap, bytes each': environmentHeap.toFixed(3),
      'server resident': `${mb(samples[0]?.server.rss)} to ${mb(samples.at(-1)?.server.rss)}`,
      'environment resident': `${mb(samples[0]?.environment.rss)} to ${mb(samples.at(-1)?.environment.rss)}`,
      'files more': files,
      'timers and handles more': resources,
      'children more': children,
    },
    failures: failuresOf({
      serverHeap: [serverHeap > leakBytes, `the server keeps ${serverHeap.toFixed(1)} bytes each`],
      environmentHeap: [
        environmentHeap > leakBytes,
        `an environment keeps ${environmentHeap.toFixed(1)} bytes each`,
      ],
      files: [files > 0, `${files} files more are open`],
      resources: [resources > 2, `${resources} timers and handles more`],
      children: [children > 0, `${children} children more`],
    }),
  }
}
