import { SpillwayError } from '../lib/errors.ts'
import type { ErrorHistory } from '../admin/history.ts'
import type { LimitChanged } from '../gate/limits/limits.ts'
import type { GateSnapshot } from '../gate/snapshot.ts'
import type { LimitsConfig } from '../model/limits.ts'

// See `lib/listen.ts`.
const { request } = process.getBuiltinModule('node:http')

/** What the admin listener answers on `/api/limits`. */
export interface LimitsView {
  readonly config: LimitsConfig
  readonly gate: GateSnapshot
  /** After a change: what it was. */
  readonly changed?: readonly LimitChanged[]
}

/**
 * Asks the admin listener of a node for its limits, or to change them.
 * @throws {SpillwayError} SPILLWAY_UNREACHABLE, or SPILLWAY_LIMITS with the node's own sentence.
 */
export async function callLimits(
  admin: string,
  method: string,
  body?: object,
): Promise<LimitsView> {
  const view = await callAdmin(admin, '/api/limits', method, body)
  if (hasKeys(view, ['gate', 'config'])) return view as LimitsView
  throw notAnAdmin(admin)
}

/**
 * Asks the admin listener of a node how its invocations have ended.
 * @throws {SpillwayError} SPILLWAY_UNREACHABLE.
 */
export async function readErrors(admin: string): Promise<ErrorHistory> {
  const view = await callAdmin(admin, '/api/errors', 'GET')
  if (hasKeys(view, ['since', 'functions'])) return view as ErrorHistory
  throw notAnAdmin(admin)
}

async function callAdmin(
  admin: string,
  path: string,
  method: string,
  body?: object,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  const token = process.env['SPILLWAY_ADMIN_TOKEN']
  if (!URL.canParse(admin) || !admin.startsWith('http:')) {
    const message = `--admin: expected a URL such as http://127.0.0.1:3003, got: "${admin}"`
    throw new SpillwayError('SPILLWAY_USAGE', message)
  }
  const outgoing = request(
    new URL(path, admin),
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
          resolve(parse(text))
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

function hasKeys(value: unknown, keys: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && keys.every((key) => key in value)
}

function notAnAdmin(admin: string): SpillwayError {
  return new SpillwayError(
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
