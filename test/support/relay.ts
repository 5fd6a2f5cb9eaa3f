import { existsSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { until } from './until.ts'

/** A call of the Runtime API that a test has an environment's own process make. */
export interface RelayedCall {
  readonly method: string
  /** From `/` on. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Sent in pieces, instead of `body`. */
  readonly chunks?: readonly string[]
  readonly trailers?: Readonly<Record<string, string>>
  /** Breaks off after what it has sent. */
  readonly breakOff?: boolean
}

export interface RelayedAnswer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

/**
 * A bootstrap that does nothing but make the calls it is told to, over a socket in its folder:
 * nobody else may call the Runtime API of an environment.
 */
export const RELAY_BOOTSTRAP = `#!${process.execPath}
const { Agent, request } = process.getBuiltinModule('node:http')
const net = process.getBuiltinModule('node:net')
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':')
const agent = new Agent({ keepAlive: true })
const pairs = (raw) => raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1]]] : []))
const call = ({ method, target, headers, body, chunks, trailers, breakOff }, done) => {
  const sent = request({ agent, host, port, method, path: target, headers }, (response) => {
    const parts = []
    response.on('data', (chunk) => parts.push(chunk))
    response.on('end', () => done({ status: response.statusCode, headers: pairs(response.rawHeaders), body: Buffer.concat(parts).toString() }))
  })
  sent.on('error', (error) => done({ status: 0, headers: [], body: error.code ?? error.message }))
  for (const chunk of chunks ?? []) sent.write(chunk)
  if (trailers !== undefined) sent.addTrailers(trailers)
  if (breakOff) setTimeout(() => sent.destroy(), 50)
  else sent.end(body)
}
/** Any bytes on a connection of their own; what comes back until it is closed. */
const raw = (text, done) => {
  let answer = ''
  const socket = net.connect(Number(port), host, () => socket.write(text))
  socket.on('data', (data) => (answer += data))
  socket.on('error', () => {})
  socket.on('close', () => done({ status: 0, headers: [], body: answer }))
}
const path = process.env.LAMBDA_TASK_ROOT + '/relay-' + process.pid
net.createServer((client) => {
  let text = ''
  client.on('data', (data) => {
    text += data
    if (!text.endsWith('\\n')) return
    const order = JSON.parse(text)
    const answer = (value) => client.end(JSON.stringify(value))
    if (order.exit !== undefined) process.exit(order.exit)
    if (order.log !== undefined) process.stdout.write(order.log, () => answer({}))
    else if (order.raw === undefined) call(order, answer)
    else raw(order.raw, answer)
  })
  client.on('error', () => {})
}).listen(path + '.new', () => require('node:fs').renameSync(path + '.new', path))
`

/** Waits for the bootstrap of this process to listen. */
export async function relayOf(folder: string, pid: number): Promise<Relay> {
  const path = join(folder, `relay-${pid}`)
  await until('the relay to listen', () => existsSync(path))
  const order = async (what: unknown): Promise<RelayedAnswer> => {
    const socket = createConnection(path)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let text = ''
    socket.setEncoding('utf8').on('data', (data) => (text += data))
    socket.on('error', reject).on('close', () => resolve(text))
    socket.write(`${JSON.stringify(what)}\n`)
    return JSON.parse((await promise) || '{"status":0,"headers":[],"body":""}') as RelayedAnswer
  }
  return {
    call: order,
    raw: async (text) => (await order({ raw: text })).body,
    log: async (text) => void (await order({ log: text })),
    exit: async (code) => void (await order({ exit: code }).catch(() => {})),
  }
}

/** An environment that does what it is told. */
export interface Relay {
  /** Status 0 where the connection was closed without an answer. */
  call(call: RelayedCall): Promise<RelayedAnswer>
  raw(text: string): Promise<string>
  log(text: string): Promise<void>
  exit(code: number): Promise<void>
}
