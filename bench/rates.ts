import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { createApi } from '../src/http/api.ts'
import type { Invoker, Outcome } from '../src/invoke/invocation.ts'
import { realClock } from '../src/lib/clock.ts'
import type { App } from '../src/model/app.ts'
import { createRates } from '../src/rates/index.ts'
import { describeMachine } from './support/machine.ts'
import { median } from './support/stats.ts'
import { formatTable } from './support/table.ts'
import { REQUEST } from './support/workload.ts'

/**
 * What does a rate limit cost a request? The API listener, in front of an invoker that answers at
 * once, with a route that has none and one that has, in one process with the client. They take turns
 * every few hundred requests, hundreds of times: the difference is far below what the machine's
 * other work does to a longer sample. `--redis URL` adds a limit that is counted there.
 */

const CONNECTIONS = 16
const REQUESTS = 400
/** Never in the way: what is measured is a request that passes. */
const THROTTLE = { rate: 1e5, burst: 1e6 }

interface Variant {
  readonly name: string
  /** CPU microseconds of each request of a turn, user and system, the client's included. */
  turn(): Promise<number>
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { turns: { type: 'string', default: '400' }, redis: { type: 'string' } },
  })
  const variants = [
    await open('none', {}),
    // What comes of it is the error of all other figures.
    await open('none, again', {}),
    await open('in memory', { throttled: true }),
    ...(values.redis === undefined
      ? []
      : [await open('on Redis', { throttled: true, redis: values.redis })]),
  ]
  const costs = variants.map((): number[] => [])
  const warmUp = Number(values.turns) / 4
  for (let turn = -warmUp; turn < Number(values.turns); turn++) {
    const order = [...variants.keys()]
    for (const at of turn % 2 === 0 ? order : order.toReversed()) {
      const cost = (await variants[at]?.turn()) ?? NaN
      if (turn >= 0) costs[at]?.push(cost)
    }
  }
  process.stdout.write(`${describeMachine()}, ${values.turns} turns of ${REQUESTS} requests\n\n`)
  process.stdout.write(`${toTable(variants, costs)}\n\n${decision()}\n`)
  process.exit()
}

/** Medians, and between which values half of the turns lie. */
function toTable(variants: readonly Variant[], costs: readonly (readonly number[])[]): string {
  const [none = []] = costs
  const rows = variants.map(({ name }, at) => {
    const own = costs[at] ?? []
    const more = own.map((us, turn) => us - (none[turn] ?? NaN))
    return [name, middleHalf(own), ...(at === 0 ? ['', ''] : [middleHalf(more), share(own, none)])]
  })
  return formatTable(['rate limit', 'CPU µs/req, with client', 'more than none', 'ratio'], rows)
}

function middleHalf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(1)
  return `${median(values).toFixed(2)} (${at(0.25)}–${at(0.75)})`
}

function share(own: readonly number[], none: readonly number[]): string {
  return median(own.map((us, turn) => us / (none[turn] ?? NaN))).toFixed(3)
}

/** The decision alone, without a request around it. */
function decision(): string {
  const limit = createRates({ clock: realClock, onNote: () => {} }).throttle('route', THROTTLE)
  const rounds = Array.from({ length: 20 }, () => {
    const before = process.cpuUsage()
    for (let each = 0; each < 500_000; each++) void limit.consume('')
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / 500_000
  })
  return `a decision in memory: ${median(rounds.slice(2)).toFixed(0)} ns of CPU`
}

async function open(
  name: string,
  { throttled = false, redis }: { readonly throttled?: boolean; readonly redis?: string },
): Promise<Variant> {
  const rates = createRates({
    clock: realClock,
    onNote: (note) => process.stderr.write(`${note}\n`),
  })
  rates.configure({ redis })
  const api = createApi({ invoker, clock: realClock, rates, draining: () => false })
  api.configure(appOf(name, throttled))
  const server = createServer(api.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sockets = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1'))
  return {
    name,
    async turn() {
      const before = process.cpuUsage()
      const each = REQUESTS / CONNECTIONS
      await Promise.all(sockets.map(async (socket) => await requests(socket, each)))
      const { user, system } = process.cpuUsage(before)
      return (user + system) / REQUESTS
    },
  }
}

const WIRE = Buffer.from(
  [
    `${REQUEST.method} ${REQUEST.path} HTTP/1.1`,
    'Host: bench',
    `Content-Type: ${REQUEST.headers['content-type']}`,
    `Content-Length: ${REQUEST.body.length}`,
    '',
    REQUEST.body,
  ].join('\r\n'),
)

/** So many on a connection, each after the answer to the one before. Answers are one packet here. */
async function requests(socket: Socket, count: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let left = count
    socket.on('data', (answer) => {
      if (!answer.includes('HTTP/1.1 200')) return reject(new Error(answer.toString()))
      if (--left > 0) return void socket.write(WIRE)
      socket.removeAllListeners('data')
      resolve()
    })
    socket.write(WIRE)
  })
}

const LEAD = '{"leadId":"42","name":"Ada","email":"a@x.io"}'

const invoker: Invoker = {
  async invoke(): Promise<Outcome> {
    const response = {
      status: 200,
      rawHeaders: ['Content-Type', 'application/json', 'Content-Length', `${LEAD.length}`],
      body: LEAD,
    }
    return {
      status: 'ok',
      result: { kind: 'http', response },
      handlerStarted: true,
      attempts: 1,
      waitedMs: 0,
    } as unknown as Outcome
  },
}

function appOf(name: string, throttled: boolean): App {
  const route = {
    method: 'POST',
    path: '/lead/{leadId}',
    functionName: 'lead',
    timeoutMs: 30_000,
    apiKeyRequired: false,
    place: { file: 'serverless.yml', line: 1, column: 1 },
    ...(throttled ? { throttle: THROTTLE } : {}),
  }
  return {
    accountId: '123456789012',
    region: 'us-east-1',
    stage: 'dev',
    services: [],
    functions: [],
    apis: [
      {
        id: name,
        service: 'bench',
        front: 'httpapi',
        stage: '$default',
        payload: '2.0',
        routes: [route],
        binaryMediaTypes: [],
        stageVariables: {},
        apiKeys: [],
      },
    ],
    limits: { account: { maxConcurrency: 1000 }, groups: {}, functions: {} },
    trustedProxies: [],
    credentials: 'none',
    spares: 0,
    notes: [],
    files: [],
  }
}

await main()
