import type { Storm } from './storm.ts'

/** The storms, in the order they are run in. */
export const STORMS: readonly Storm[] = [
  {
    name: 'T1',
    title: 'kill -9 at every phase and at random',
    module: 'kill-storm.ts',
    full: { invocations: 300_000, killsMin: 5000, phaseMin: 100, killPercent: 1.7 },
    short: { invocations: 600, killsMin: 5, phaseMin: 0, killPercent: 3 },
    control: {
      what: 'retry whatever the mark says',
      fault: 'naiveRetry',
      sizes: { invocations: 500, killsMin: 0, phaseMin: 0, killPercent: 4 },
      finds: 'duplicates',
    },
  },
  {
    name: 'T2',
    title: 'kill -9 of programs on the Runtime API',
    module: 'runtime-api.ts',
    full: { invocations: 60_000, killsMin: 3000, killPercent: 7 },
    short: { invocations: 450, killsMin: 10, killPercent: 6 },
    control: {
      what: 'whatever was not answered has not begun',
      fault: 'finIsUnstarted',
      sizes: { invocations: 600, killsMin: 0, killPercent: 15 },
      finds: 'duplicates',
    },
  },
  {
    name: 'T3',
    title: '2 % frozen at dispatch',
    module: 'frozen.ts',
    full: {
      invocations: 50_000,
      ratePerSecond: 250,
      frozenPercent: 2,
      latency: 1,
      patienceMs: 30_000,
    },
    short: {
      invocations: 400,
      ratePerSecond: 200,
      frozenPercent: 2,
      latency: 0,
      patienceMs: 30_000,
    },
    control: {
      what: 'no watchdog',
      fault: 'noWatchdog',
      sizes: {
        invocations: 250,
        ratePerSecond: 250,
        frozenPercent: 2,
        latency: 0,
        patienceMs: 3000,
      },
      finds: 'hung',
    },
  },
  {
    name: 'T4',
    title: 'inits that crash, hang and cannot be started',
    module: 'init-storm.ts',
    full: { coldStarts: 2000, functions: 40, crashPercent: 10, hangPercent: 5, spawnPercent: 3 },
    short: { coldStarts: 16, functions: 8, crashPercent: 5, hangPercent: 0, spawnPercent: 5 },
    control: {
      what: 'no second start',
      fault: 'noSecondStart',
      // Two refused in a row are needed: nearly each cold start has them.
      sizes: { coldStarts: 16, functions: 8, crashPercent: 0, hangPercent: 0, spawnPercent: 90 },
      finds: 'platformErrors',
    },
  },
  {
    name: 'T5',
    title: 'hostile handlers',
    module: 'hostile.ts',
    full: { times: 50, survive: 1, every: 1 },
    short: { times: 1, survive: 1, every: 6 },
    control: {
      what: 'a handler that is not as hostile as it says',
      sizes: { times: 1, survive: 0, every: 12 },
      finds: 'wrongClass',
    },
  },
  {
    name: 'T6',
    title: 'kill -9 of the server under events and messages',
    module: 'server-kill.ts',
    full: { cycles: 100, acceptedMost: 150, patienceMs: 120_000 },
    short: { cycles: 3, acceptedMost: 60, patienceMs: 60_000 },
    control: {
      what: 'an event is forgotten when it is taken, as others do',
      fault: 'deleteFirst',
      sizes: { cycles: 5, acceptedMost: 60, patienceMs: 5000 },
      finds: 'lost',
    },
  },
  {
    name: 'leak',
    title: 'memory, descriptors and timers after many invocations',
    module: 'leak.ts',
    full: { invocations: 1_000_000, samples: 20, plantedBytes: 0, leakBytes: 1 },
    short: { invocations: 15_000, samples: 10, plantedBytes: 0, leakBytes: 40 },
    control: {
      what: 'a hundred bytes leaked for each, server and handler',
      fault: 'leak',
      sizes: { invocations: 15_000, samples: 10, plantedBytes: 100, leakBytes: 40 },
      finds: 'serverHeap',
    },
  },
  {
    name: 'scale',
    title: 'a thousand idle functions',
    module: 'scale.ts',
    full: { functions: 1000, firsts: 15 },
    short: { functions: 1000, firsts: 2 },
    control: {
      what: 'eight kilobytes more for each',
      fault: 'fatFunction',
      sizes: { functions: 1000, firsts: 1 },
      finds: 'memory',
    },
  },
]
