import { setTimeout as after } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { Service } from './manifest.ts'

/** What ran at one moment, as the admin API says it. */
export interface Sample {
  readonly atMs: number
  readonly users: number
  readonly etl: number
}

interface FunctionState {
  readonly name: string
  readonly inUse: number
  /** Invocations that its ready environments can take. */
  readonly slots: number
}

/** The part of `GET /api/limits` that is read here. */
interface Limits {
  readonly config: {
    readonly account: { readonly maxConcurrency: number }
    readonly groups: Readonly<Record<string, { readonly maxConcurrency?: number }>>
  }
  readonly gate: { readonly functions: readonly FunctionState[] }
}

/** What holds, and what each function has. @throws {Error} when the admin API does not say. */
export async function readLimits(admin: Client): Promise<Limits> {
  const { status, body } = await admin.send('GET', '/api/limits')
  if (status !== 200) throw new Error(`the admin API answered ${status}: ${body}`)
  return JSON.parse(body) as Limits
}

/** Looks every so often until the signal ends it. */
export async function watch(
  admin: Client,
  service: Service,
  options: { readonly startMs: number; readonly everyMs: number; readonly signal: AbortSignal },
): Promise<Sample[]> {
  const samples: Sample[] = []
  while (!options.signal.aborted) {
    const { functions } = (await readLimits(admin)).gate
    const users = sum(functions.filter(({ name }) => service.users.has(name)))
    const etl = sum(functions.filter(({ name }) => service.etl.includes(name)))
    samples.push({ atMs: performance.now() - options.startMs, users, etl })
    await after(options.everyMs, undefined, { signal: options.signal }).catch(() => {})
  }
  return samples
}

function sum(functions: readonly FunctionState[]): number {
  return functions.reduce((total, { inUse }) => total + inUse, 0)
}
