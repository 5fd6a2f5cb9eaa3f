import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { LimitsView } from '../../src/cli/admin-client.ts'
import type { LimitChange } from '../../src/gate/limits/limits.ts'
import type { LimitSnapshot } from '../../src/gate/snapshot.ts'
import { runCli, startCli, type Server } from './cli.ts'
import { makeFolder } from './service.ts'
import { until } from './until.ts'

/** Notes in a file that all share when it began and ended, and ends when it is told to. */
const HANDLER = `
import { appendFileSync, existsSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
const { FOLDER } = process.env
export const handler = async ({ id, ms }) => {
  appendFileSync(FOLDER + '/ledger', '+ ' + id + ' ' + Date.now() + '\\n')
  await after(ms ?? 25) // Never brief: brief ones share an environment.
  if (ms === undefined) while (!existsSync(FOLDER + '/go-' + id)) await after(5)
  appendFileSync(FOLDER + '/ledger', '- ' + id + ' ' + Date.now() + '\\n')
  return id
}
`

/** One request, by the number that its handler notes. */
export interface Sent {
  readonly id: number
  /** Of its function. */
  readonly key: string
  readonly answer: Promise<{ readonly status: number; readonly limit: string | null }>
}

/** What a handler noted, on the wall's clock. */
export interface Noted {
  readonly sign: '+' | '-'
  readonly id: number
  readonly atMs: number
}

/** A server under requests that run and wait until the test tells them to end. */
export interface HeldLoad {
  readonly server: Server
  /** Sends one through the AWS endpoint, whose callers may wait for as long as the gate lets them. */
  send(functionKey: string, how?: { readonly qualifier?: string; readonly ms?: number }): Sent
  /** Sends so many, to functions in turn. */
  sendAll(functionKeys: readonly string[], count: number): Sent[]
  /** Lets these end, one after the other, and waits for their answers. */
  end(...sent: readonly Sent[]): Promise<void>
  /** Sent in this test, with a handler that has begun and not ended, in the order of the beginnings. */
  running(): Sent[]
  /** What the handlers of this test have noted. */
  ledger(): Noted[]
  view(): Promise<LimitsView>
  limit(scope: LimitChange['scope'], name?: string): Promise<LimitSnapshot>
  /** Changes limits through the admin API; resolves with its answer. */
  patch(by: string, ...changes: readonly LimitChange[]): Promise<LimitsView>
  /** `spillway limits set <words>`: what it prints. */
  set(words: string): Promise<string>
  /** Ends all that was sent in this test, and checks that nobody was lost and nobody ran twice. */
  finish(): Promise<void>
}

/** Starts a service named `load` with these functions, by key, and these limits. */
export async function startHeldLoad(
  t: TestContext,
  functionKeys: readonly string[],
  limits: string,
): Promise<HeldLoad> {
  const folder = makeFolder({ 'serverless.yml': manifest(functionKeys), 'h.mjs': HANDLER })
  writeFileSync(join(folder, 'spillway.yml'), limits)
  writeFileSync(join(folder, 'ledger'), '')
  // Environments have users of their own, and all of them write to it.
  chmodSync(join(folder, 'ledger'), 0o666)
  const server = await startCli(t, ['start', folder], { env: { FOLDER: folder } })
  return new Load(t, server, folder)
}

function manifest(functionKeys: readonly string[]): string {
  return `
service: load
provider: { name: aws, runtime: nodejs24.x, timeout: 120, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
${functionKeys.map((key) => `  ${key}: { handler: h.handler }\n`).join('')}`
}

/** The deployed name of a function. */
export function nameOf(functionKey: string): string {
  return `load-dev-${functionKey}`
}

class Load implements HeldLoad {
  readonly server: Server
  readonly #t: TestContext
  readonly #folder: string
  #nextId = 0
  /** Of this test. */
  #sent = new Map<number, Sent>()

  constructor(t: TestContext, server: Server, folder: string) {
    this.#t = t
    this.server = server
    this.#folder = folder
  }

  send(key: string, { qualifier, ms }: { qualifier?: string; ms?: number } = {}): Sent {
    const id = this.#nextId++
    const url = new URL(`/2015-03-31/functions/${nameOf(key)}/invocations`, this.server.aws)
    if (qualifier !== undefined) url.searchParams.set('Qualifier', qualifier)
    const answer = (async () => {
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ id, ms }) })
      const body = await response.text()
      if (response.status === 200) assert.equal(body, String(id))
      return { status: response.status, limit: response.headers.get('x-spillway-limit') }
    })()
    const sent = { id, key, answer }
    this.#sent.set(id, sent)
    return sent
  }

  sendAll(keys: readonly string[], count: number): Sent[] {
    return Array.from({ length: count }, (_, i) => this.send(keys[i % keys.length] ?? ''))
  }

  async end(...sent: readonly Sent[]): Promise<void> {
    for (const { id, answer } of sent) {
      writeFileSync(join(this.#folder, `go-${id}`), '')
      assert.equal((await answer).status, 200)
    }
  }

  ledger(): Noted[] {
    const text = readFileSync(join(this.#folder, 'ledger'), 'utf8')
    return [...text.matchAll(/^([+-]) (\d+) (\d+)$/gm)]
      .map(([, sign, id, atMs]) => ({ sign: sign as '+', id: Number(id), atMs: Number(atMs) }))
      .filter(({ id }) => this.#sent.has(id))
  }

  running(): Sent[] {
    const ids = new Set<number>()
    for (const { sign, id } of this.ledger()) {
      if (sign === '+') ids.add(id)
      else ids.delete(id)
    }
    return [...ids].map((id) => this.#sent.get(id) ?? assert.fail())
  }

  async view(): Promise<LimitsView> {
    return await this.#call({})
  }

  async limit(scope: LimitChange['scope'], name = ''): Promise<LimitSnapshot> {
    return limitOf(await this.view(), scope, name)
  }

  async patch(by: string, ...changes: readonly LimitChange[]): Promise<LimitsView> {
    const headers = { 'content-type': 'application/json' }
    return await this.#call({ method: 'PATCH', headers, body: JSON.stringify({ by, changes }) })
  }

  async set(words: string): Promise<string> {
    const args = ['limits', 'set', ...words.split(' '), '--admin', this.server.admin]
    const { exit, stdout, stderr } = await runCli(this.#t, args)
    assert.deepEqual([exit, stderr], [0, ''])
    return stdout
  }

  async finish(): Promise<void> {
    for (const id of this.#sent.keys()) writeFileSync(join(this.#folder, `go-${id}`), '')
    const statuses = new Map<number, number>()
    for (const { id, answer } of this.#sent.values()) statuses.set(id, (await answer).status)
    const noted = this.ledger()
    for (const [id, status] of statuses) {
      const signs = noted.filter((each) => each.id === id).map(({ sign }) => sign)
      const expected = status === 200 ? ['+', '-'] : []
      assert.deepEqual({ id, status, signs }, { id, status, signs: expected })
    }
    await until('nobody who runs or waits', async () => {
      const account = await this.limit('account')
      return account.inUse + inLine(account) === 0
    })
    this.#sent = new Map()
  }

  async #call(init: RequestInit): Promise<LimitsView> {
    const response = await fetch(`${this.server.admin}/api/limits`, init)
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return JSON.parse(text) as LimitsView
  }
}

/** The limit of a scope as a view shows it. */
export function limitOf(
  { gate: { account, groups, tags, functions } }: LimitsView,
  scope: LimitChange['scope'],
  name = '',
): LimitSnapshot {
  if (scope === 'account') return account
  const below = functions.flatMap((fn) => fn.below)
  const limits = { group: groups, tag: tags, function: functions, version: below }[scope]
  return limits.find((each) => each.name === name) ?? assert.fail(`no ${scope} ${name}`)
}

/** How many wait for a limit, of all priorities. */
export function inLine({ waiting }: LimitSnapshot): number {
  return waiting.interactive + waiting.async + waiting.batch
}
