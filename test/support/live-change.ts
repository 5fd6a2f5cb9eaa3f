import type { TestContext } from 'node:test'
import {
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionScalingConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
} from '@aws-sdk/client-lambda'
import { valueOf } from '../../src/gate/limits/change.ts'
import { LIMIT_FIELDS, type LimitChange } from '../../src/gate/limits/limits.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { inLine, nameOf, startHeldLoad, type HeldLoad } from './held-load.ts'
import { until } from './until.ts'

const LIMITS = `
account: { maxConcurrency: 40 }
groups:
  a: { maxWait: 1m, functions: [one, two] }
  b: { maxWait: 1m, functions: [other, back, cold] }
tags:
  db: { maxConcurrency: 40, functions: [one, other] }
functions:
  back: { priority: batch }
`
/** Environments that are ready beforehand: what is let in then runs at once. */
const WARM = { one: 5, two: 5, other: 5, back: 4 }

/** A limit that is changed. */
export type Limit = Omit<LimitChange, 'value'>
export const ACCOUNT: Limit = { scope: 'account', name: '', field: 'maxConcurrency' }
/** Its function is warm only where something is provisioned. */
export const COLD_VERSION: Limit = {
  scope: 'version',
  name: `${nameOf('cold')}:1`,
  field: 'provisionedConcurrency',
}

export function ofFunction(key: string, field: Limit['field']): Limit {
  return { scope: 'function', name: nameOf(key), field }
}

export function ofGroup(name: string, field: Limit['field']): Limit {
  return { scope: 'group', name, field }
}

/** By whom one limit is changed. */
export interface How {
  /** As the log names who did it. */
  readonly by: string
  readonly set: (load: HeldLoad, value: number | null) => Promise<unknown>
}

export function throughAdmin(limit: Limit): How {
  return { by: 'a test', set: (load, value) => load.patch('a test', { ...limit, value }) }
}

function throughLambda(set: (client: LambdaClient, value: number | null) => Promise<unknown>): How {
  return {
    by: 'lambda-api',
    set: (load, value) => withLambda(load, (client) => set(client, value)),
  }
}

async function withLambda(
  { server }: HeldLoad,
  call: (client: LambdaClient) => Promise<unknown>,
): Promise<void> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const about = { endpoint: server.aws, region: 'us-east-1', credentials, maxAttempts: 1 }
  const client = new LambdaClient(about)
  await call(client)
  client.destroy()
}

/** PutFunctionConcurrency, and DeleteFunctionConcurrency. */
export function reserves(key: string): How {
  return throughLambda((client, value) => {
    const FunctionName = nameOf(key)
    if (value === null) return client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }))
    const put = { FunctionName, ReservedConcurrentExecutions: value }
    return client.send(new PutFunctionConcurrencyCommand(put))
  })
}

/** PutFunctionScalingConfig. */
export function scales(key: string): How {
  return throughLambda((client, value) => {
    const about = { FunctionName: nameOf(key), Qualifier: '$LATEST.PUBLISHED' }
    const max = { MinExecutionEnvironments: 0, MaxExecutionEnvironments: value ?? 0 }
    const put = { ...about, FunctionScalingConfig: max }
    return client.send(new PutFunctionScalingConfigCommand(put))
  })
}

/** PutProvisionedConcurrencyConfig of `COLD_VERSION`. */
export const provisions: How = throughLambda((client, value) => {
  const about = { FunctionName: nameOf('cold'), Qualifier: '1' }
  const put = { ...about, ProvisionedConcurrentExecutions: value ?? 0 }
  return client.send(new PutProvisionedConcurrencyConfigCommand(put))
})

/** Resolves when the log says who changed what. */
export async function audited(
  { server }: HeldLoad,
  by: string,
  change: LimitChange,
): Promise<void> {
  const words = exactly(JSON.stringify(change))
  await server.line(new RegExp(`"by":"${by}".*${words}.*"msg":"limits changed"`))
}

/** How many run, and how many wait. */
export async function counts(load: HeldLoad, { scope, name }: Limit = ACCOUNT): Promise<number[]> {
  const limit = await load.limit(scope, name)
  return [limit.inUse, inLine(limit)]
}

/** A pattern of this text and no other. */
export function exactly(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

/** Resolves when so many are let in and have begun, and so many are in line. */
export async function runsAndWaits(
  load: HeldLoad,
  running: number,
  waiting: number,
): Promise<void> {
  await until(`${running} that run and ${waiting} that wait`, async () => {
    const now = await counts(load)
    return now[0] === running && now[1] === waiting && load.running().length === running
  })
}

/** Prints how long it took from the request for a change to the first that began because of it. */
export async function printLatency(
  t: TestContext,
  load: HeldLoad,
  { askedMs, after: started }: { askedMs: number; after: number },
): Promise<void> {
  const first = await until('the first one let in', () => {
    return load.ledger().filter(({ sign }) => sign === '+')[started]
  })
  t.diagnostic(`${first.atMs - askedMs} ms from the change to the first handler that began`)
}

/** A server on which every limit can be changed, with the environments that the tests need. */
export async function startLive(t: TestContext): Promise<HeldLoad> {
  const load = await startHeldLoad(t, [...Object.keys(WARM), 'cold'], LIMITS)
  await withLambda(load, (client) => {
    return client.send(new PublishVersionCommand({ FunctionName: nameOf('cold') }))
  })
  for (const [key, count] of Object.entries(WARM)) {
    const sent = load.sendAll([key], count)
    await until(`${count} environments of ${key}`, () => load.running().length === count)
    await load.end(...sent)
  }
  await load.finish()
  return load
}

/** Runs a test, puts every limit back and ends what was sent. */
export async function withLive(load: HeldLoad, run: () => Promise<void>): Promise<void> {
  const { config } = await load.view()
  try {
    await run()
  } catch (error) {
    await putBack(load, config)
    await load.finish().catch(() => {}) // What came first is told.
    throw error
  }
  await putBack(load, config)
  await load.finish()
}

async function putBack(load: HeldLoad, before: LimitsConfig): Promise<void> {
  const { config } = await load.view()
  const changes = allLimits(config).flatMap((limit) => {
    const value = valueOf(before, limit)
    return value === valueOf(config, limit) ? [] : [{ ...limit, value }]
  })
  if (changes.length > 0) await load.patch('the end of a test', ...changes)
}

function allLimits({ groups, tags = {}, functions }: LimitsConfig): Limit[] {
  const named = {
    account: [''],
    group: keysOf(groups),
    tag: keysOf(tags),
    function: keysOf(functions),
  }
  return [
    COLD_VERSION,
    ...Object.entries(named).flatMap(([scope, names]) =>
      names.flatMap((name) =>
        LIMIT_FIELDS[scope as keyof typeof named].map((field) => ({
          scope: scope as keyof typeof named,
          name,
          field,
        })),
      ),
    ),
  ]
}

const keysOf = (byName: object): string[] => Object.keys(byName)
