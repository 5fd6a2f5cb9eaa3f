import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { environmentsOf } from '../support/environments.ts'

/** A server in a process of its own that keeps its queues in its folder, and can be killed. */
export interface Killable {
  /** From the start of the process until it was ready. */
  readonly startMs: number
  readonly isUp: () => boolean
  /** @throws {Error} where it is not accepted. */
  readonly invokeEvent: (functionName: string, event: unknown) => Promise<void>
  /** Sends a message by SQS's JSON protocol. @throws {Error} where it is not accepted. */
  readonly send: (queue: string, parameters: object) => Promise<void>
  /** The processes of its environments. */
  readonly environments: () => number[]
  readonly kill: () => void
  readonly stop: () => Promise<void>
}

const SERVER = join(import.meta.dirname, 'killable-process.ts')

/** Starts one on a folder, with whatever fault its storm plants. */
export async function startKillable(folder: string): Promise<Killable> {
  const sinceMs = performance.now()
  const child = spawn(process.execPath, [...process.execArgv, SERVER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FOLDER: folder },
  })
  let up = true
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void gone.then(() => (up = false))
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).once('line', resolve)
  void gone.then(() => reject(new Error('the server ended before it was ready')))
  const aws = await promise
  const post = async (
    path: string,
    headers: Record<string, string>,
    body: object,
  ): Promise<void> => {
    const response = await fetch(aws + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
    await response.arrayBuffer()
  }
  return {
    startMs: performance.now() - sinceMs,
    isUp: () => up,
    invokeEvent: async (name, event) => {
      const path = `/2015-03-31/functions/${name}/invocations`
      await post(path, { 'X-Amz-Invocation-Type': 'Event' }, event as object)
    },
    send: async (queue, parameters) => {
      const headers = {
        'X-Amz-Target': 'AmazonSQS.SendMessage',
        'Content-Type': 'application/x-amz-json-1.0',
      }
      await post('/', headers, { QueueUrl: `${aws}/123456789012/${queue}`, ...parameters })
    },
    environments: () => environmentsOf(child.pid ?? 0).map(({ pid }) => pid),
    kill: () => void child.kill('SIGKILL'),
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}
