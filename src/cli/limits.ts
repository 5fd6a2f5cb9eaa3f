import { SpillwayError } from '../lib/errors.ts'
import type { GateSnapshot } from '../gate/snapshot.ts'
import type { LimitChange, LimitField } from '../gate/limits.ts'
import type { OutputFlags } from './options.ts'

// See `lib/listen.ts`.
const { request } = process.getBuiltinModule('node:http')

interface LimitsFlags extends OutputFlags {
  readonly admin: string
}

/** What the admin listener answers on `/api/limits`. */
interface LimitsView {
  readonly gate: GateSnapshot
}

/** `spillway limits get`: a table of who may use what and who does. */
export async function getLimits(flags: LimitsFlags): Promise<void> {
  print(await call(flags, 'GET'), flags)
}

/** `spillway limits set account=200 group:etl=20 fn:report=5`: all changes at once, or none. */
export async function setLimits(texts: readonly string[], flags: LimitsFlags): Promise<void> {
  const changes = texts.map(parseChange)
  print(await call(flags, 'PATCH', { changes, by: 'spillway limits set' }), flags)
}

const FIELDS: readonly LimitField[] = [
  'maxConcurrency',
  'guaranteedConcurrency',
  'reservedConcurrency',
]
const CHANGE = /^(?:(account)|(group|fn):([^=]+?))(?:\.(\w+))?=(\d+|none)$/

/** @throws {SpillwayError} SPILLWAY_USAGE, with the forms there are. */
export function parseChange(text: string): LimitChange {
  const [, account, owner, name = '', word = 'maxConcurrency', value] = CHANGE.exec(text) ?? []
  const field = FIELDS.find((each) => each === word)
  if (value === undefined || field === undefined) {
    throw new SpillwayError(
      'SPILLWAY_USAGE',
      `cannot read "${text}": expected account=200, group:etl=20, fn:report=5, or a field as in fn:report.reservedConcurrency=5 (${FIELDS.join(', ')}); "none" takes a limit away`,
    )
  }
  return {
    scope: account === undefined ? (owner === 'fn' ? 'function' : 'group') : 'account',
    name,
    field,
    value: value === 'none' ? null : Number(value),
  }
}

function print(view: LimitsView, flags: LimitsFlags): void {
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(view)}\n`)
    return
  }
  const { account, groups, functions } = view.gate
  const rows = [
    ['', 'max', 'guaranteed', 'in use', 'waiting', 'blocked by'],
    row('account', account),
    ...groups.map((group) => row(`group:${group.name}`, group)),
    ...functions.map((fn) => [
      ...row(`fn:${fn.name}`, fn).slice(0, 4),
      String(fn.waiting.interactive + fn.waiting.async + fn.waiting.batch),
      fn.blockedBy !== null && fn.blockedBy !== 'environment' ? fn.blockedBy : '',
    ]),
  ]
  const widths =
    rows[0]?.map((_, at) => Math.max(...rows.map((each) => each[at]?.length ?? 0))) ?? []
  for (const cells of rows) {
    const line = cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')
    process.stdout.write(`${line.trimEnd()}\n`)
  }
}

function row(name: string, limit: GateSnapshot['account']): string[] {
  return [
    name,
    limit.maxConcurrency === null ? '–' : String(limit.maxConcurrency),
    String(limit.guaranteedConcurrency),
    String(limit.inUse),
    '',
    '',
  ]
}

/** @throws {SpillwayError} SPILLWAY_UNREACHABLE, or SPILLWAY_LIMITS with the node's own sentence. */
async function call({ admin }: LimitsFlags, method: string, body?: object): Promise<LimitsView> {
  const { promise, resolve, reject } = Promise.withResolvers<LimitsView>()
  const token = process.env['SPILLWAY_ADMIN_TOKEN']
  if (!URL.canParse(admin) || !admin.startsWith('http:')) {
    const message = `--admin: expected a URL such as http://127.0.0.1:3003, got: "${admin}"`
    throw new SpillwayError('SPILLWAY_USAGE', message)
  }
  const outgoing = request(
    new URL('/api/limits', admin),
    {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    },
    (response) => {
      response
        .toArray()
        .then((chunks: Buffer[]) => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode !== 200) throw refusal(response.statusCode ?? 0, text)
          resolve(readView(text, admin))
        })
        .catch(reject)
    },
  )
  outgoing.on('error', (error) => {
    const message = `no Spillway answers on ${admin} (${error.message}); start one, or name it with --admin`
    reject(new SpillwayError('SPILLWAY_UNREACHABLE', message))
  })
  outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  return await promise
}

function readView(text: string, admin: string): LimitsView {
  const view = parse(text) as Partial<LimitsView> | undefined
  if (view?.gate !== undefined) return view as LimitsView
  throw new SpillwayError(
    'SPILLWAY_UNREACHABLE',
    `${admin} is not the admin listener of a Spillway`,
  )
}

function refusal(status: number, text: string): SpillwayError {
  if (status === 401) {
    return new SpillwayError(
      'SPILLWAY_USAGE',
      'the node wants SPILLWAY_ADMIN_TOKEN, or another one',
    )
  }
  return new SpillwayError('SPILLWAY_LIMITS', messageOf(text))
}

function messageOf(text: string): string {
  const { message = text } = (parse(text) ?? {}) as { message?: string }
  return message
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
