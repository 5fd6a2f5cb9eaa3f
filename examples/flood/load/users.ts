import { setTimeout as after } from 'node:timers/promises'
import type { Client } from './client.ts'
import type { UserRequest } from './traffic.ts'

/** What became of one request of a user. */
export interface UserResult {
  /** When it was due, milliseconds since the users began to come. */
  readonly atMs: number
  readonly status: number
  /** From when it was *due* to the end of the answer: a late sender is not excused. */
  readonly latencyMs: number
  readonly waitedMs: number
}

/**
 * Sends each request when it is due, whether or not the ones before have been answered: users do not
 * know of one another, and do not come more slowly because the server is slow. Nobody tries again.
 */
export async function driveUsers(
  api: Client,
  requests: readonly UserRequest[],
  startMs: number,
): Promise<UserResult[]> {
  const results: Promise<UserResult>[] = []
  for (const request of requests) {
    const dueMs = startMs + request.atMs
    const early = dueMs - performance.now()
    if (early > 0) await after(early)
    results.push(sendOne(api, request, dueMs))
  }
  return await Promise.all(results)
}

async function sendOne(
  api: Client,
  { atMs, route, ms }: UserRequest,
  dueMs: number,
): Promise<UserResult> {
  const { status, waitedMs } = await api.send(route.method, `${route.path}?ms=${ms}`)
  return { atMs, status, latencyMs: performance.now() - dueMs, waitedMs }
}
