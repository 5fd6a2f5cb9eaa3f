import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createAwsEndpoint } from '../../src/aws/endpoint.ts'
import type { AwsOptions } from '../../src/aws/options.ts'
import { createNotifications } from '../../src/bus/notifications.ts'
import { Gate } from '../../src/gate/gate.ts'
import { createLimitsControl } from '../../src/gate/limits/live-limits.ts'
import type { Invocation, Outcome, ReservingInvoker } from '../../src/invoke/invocation.ts'
import { realClock } from '../../src/lib/clock.ts'
import type { App, FunctionDefinition } from '../../src/model/app.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { openSources } from '../../src/sources/open-sources.ts'
import { openQueues } from '../support/queues.ts'
import { sendTo, type Received, type Sent } from './send.ts'

const GROUP = 'shop'

/** An App of these functions; what is not given is Lambda's default. */
export function appOf(
  functions: readonly (Partial<FunctionDefinition> & { name: string })[],
  limits: Partial<LimitsConfig> = {},
): App {
  return {
    accountId: '123456789012',
    region: 'us-east-1',
    stage: 'dev',
    services: [],
    functions: functions.map((given) => ({
      key: given.name,
      service: GROUP,
      runtime: 'nodejs24.x',
      handler: 'index.handler',
      taskRoot: '/srv/shop',
      timeoutMs: 6000,
      memoryMb: 128,
      description: '',
      environment: {},
      tags: {},
      logFormat: 'Text',
      environmentConcurrency: 1,
      layers: [],
      place: { file: 'serverless.yml', line: 1, column: 1 },
      ...given,
    })),
    apis: [],
    limits: {
      account: { maxConcurrency: 1000 },
      groups: {},
      functions: Object.fromEntries(functions.map(({ name }) => [name, { group: GROUP }])),
      ...limits,
    },
    trustedProxies: [],
    credentials: 'none',
    spares: 0,
    notes: [],
    files: [],
  }
}

/** The AWS endpoint on a socket, in front of an invoker that answers as it is told. */
export interface Served {
  readonly port: number
  readonly errors: unknown[]
  /** Serves this App from now on, as after a reload. */
  reload(app: App): void
  send(path: string, sent?: Sent): Promise<Received>
}

export async function serveAws(
  t: TestContext,
  app: App,
  invoke: (invocation: Invocation) => Promise<Outcome> | Outcome,
  more: Partial<Pick<AwsOptions, 'warmth' | 'random' | 'clock' | 'notifications' | 'awsKeys'>> = {},
): Promise<Served> {
  const errors: unknown[] = []
  const gate = new Gate(app.limits, { clock: realClock })
  const limits = createLimitsControl(gate, () => {})
  let served = app
  const invoker = invokerOf(async (invocation) => await invoke(invocation))
  const background = await openBackground(t, app, invoker)
  const endpoint = createAwsEndpoint({
    app: () => served,
    invoker,
    ...background,
    limits,
    warmth: () => ({ ready: 0, failing: false }),
    notifications: createNotifications({ fire: async () => {}, clock: realClock }),
    clock: realClock,
    ...more,
    onError: (error) => errors.push(error),
  })
  const server = createServer(endpoint)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    errors,
    reload(next) {
      limits.rebase(next.limits)
      served = next
    },
    send: (path, sent) => sendTo(port, path, sent),
  }
}

/** Whoever asks may run, and runs as `invoke` says. */
function invokerOf(invoke: (invocation: Invocation) => Promise<Outcome>): ReservingInvoker {
  return {
    invoke,
    reserve: async (wish) => ({
      kind: 'reserved',
      run: async (what) => await invoke({ ...wish, ...what }),
      release: () => {},
    }),
  }
}

/** Queues, events and mappings as the server has them. */
async function openBackground(
  t: TestContext,
  app: App,
  invoker: ReservingInvoker,
): Promise<Pick<AwsOptions, 'async' | 'mappings' | 'queues' | 'hasQueue' | 'stopping'>> {
  const queues = await openQueues(t, { q: {}, 'q.fifo': { FifoQueue: 'true' } })
  const sources = openSources({
    invoker,
    queues,
    events: queues,
    clock: realClock,
    openQueue: async (name) => void (await queues.define(name, { attributes: {}, tags: {} })),
    existing: [],
    visibilityTimeoutMs: () => 30_000,
    limits: () => app.limits,
    onLimits: () => {},
    onTrouble: (sentence) => t.diagnostic(sentence),
    doors: {},
  })
  sources.configure(app)
  t.after(() => sources.stop())
  return {
    ...sources,
    queues,
    stopping: new AbortController().signal,
    hasQueue: (name) => queues.get(name) !== undefined,
  }
}

/** What an invocation that went well ends in. */
export function okOutcome(json: string, more: Partial<Outcome> = {}): Outcome {
  return {
    status: 'ok',
    result: { kind: 'json', json: Buffer.from(json) },
    handlerStarted: true,
    attempts: 1,
    waitedMs: 0,
    ...more,
  } as Outcome
}
