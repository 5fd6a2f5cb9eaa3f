import {
  InvokeCommand,
  LambdaClient,
  PutFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda'
import type { Background } from '../../src/model/app.ts'
import { DEFAULT_ASYNC } from '../../src/model/background.ts'
import { until } from '../support/until.ts'
import { ACCOUNT_ID, functionNameOf, REGION, variablesOf, type CaseFunction } from './app.ts'
import {
  backgroundApp,
  linesIn,
  openSqs,
  queueArnOf,
  queueNamed,
  type SqsDoor,
} from './background.ts'
import type { Case, Json } from './cases.ts'
import { match } from './match.mjs'
import { unknownKey } from './response.ts'
import { openRig, type Rig } from './rig.ts'

const TOLD = 'told'
const BUS = `arn:aws:events:${REGION}:${ACCOUNT_ID}:event-bus/default`
const LISTENER = 'listener'
/** Longer than a retry is waited for. */
const JUMP_MS = 125_000
const JUMP_EVERY_MS = 200

const LISTEN = `
import { appendFileSync } from 'node:fs'
export const handler = async (event) =>
  appendFileSync(import.meta.dirname + '/events', JSON.stringify(event) + '\\n')
`

/** What a case looks at, once everything is over. */
interface Scene {
  readonly rig: Rig
  readonly sqs: SqsDoor
  readonly name: string
  readonly listener: string
}

type Look = (scene: Scene) => Json

const LOOKS: Readonly<Record<string, Look>> = {
  destinationRecord: async ({ sqs }) => JSON.parse((await sqs.receive(TOLD)).Body ?? ''),
  dlqMessage: async ({ sqs }) => withoutNoise(await sqs.receive(TOLD)),
  event: async ({ listener }) => await until('the event', () => linesIn(listener, 'events')[0]),
  invocations: ({ rig, name }) => requestIds(rig, name).length,
  sameRequestId: ({ rig, name }) => new Set(requestIds(rig, name)).size === 1,
}

/** Kind `async`: an event, through AWS's SDK, and who is told how it ended. Time goes by faster. */
export async function playAsync(_: Rig, one: Case): Promise<string[]> {
  const rig = await openRig()
  const sqs = openSqs(rig.spillway.urls.aws ?? '')
  const hurry = setInterval(() => rig.clock.jump(JUMP_MS), JUMP_EVERY_MS)
  try {
    const name = functionNameOf(one.id)
    const listener = rig.folder(LISTENER, { 'index.mjs': LISTEN })
    const { function: fn, config, payload } = one.input
    const functions: CaseFunction[] = [
      {
        name,
        taskRoot: rig.folder(name, { 'app.py': fn.code }),
        runtime: fn.runtime,
        handler: 'app.handler',
      },
      { name: LISTENER, taskRoot: listener },
    ]
    rig.spillway.reload(backgroundApp(functions, backgroundOf(name, config)))
    await invoke(rig.spillway.urls.aws ?? '', name, config, payload)
    const context = { vars: variablesOf(name) }
    const problems: string[] = []
    // Whoever is told is told last; the rest is counted then.
    const keys = Object.keys(one.expected).toSorted(
      (a, b) => Number(isCount(a)) - Number(isCount(b)),
    )
    for (const key of keys) {
      const look = LOOKS[key]
      if (look === undefined) problems.push(unknownKey(key))
      else {
        const seen = await look({ rig, sqs, name, listener })
        problems.push(...match(one.expected[key], seen, context, `/${key}`))
      }
    }
    return problems
  } finally {
    clearInterval(hurry)
    sqs.close()
    await rig.close()
  }
}

function isCount(key: string): boolean {
  return key === 'invocations' || key === 'sameRequestId'
}

function backgroundOf(
  name: string,
  { DeadLetterQueue, OnSuccess, OnFailure }: Json,
): Partial<Background> {
  const toBus = OnSuccess === 'eventbridge' || OnFailure === 'eventbridge'
  const place = { file: 'case', line: 1, column: 1 }
  const rule = {
    name: 'told',
    bus: 'default',
    pattern: '{"source":["lambda"]}',
    functionName: LISTENER,
  }
  return {
    queues: [queueNamed(TOLD)],
    rules: toBus ? [{ ...rule, enabled: true, place }] : [],
    asyncConfigs:
      DeadLetterQueue === undefined
        ? {}
        : { [name]: { ...DEFAULT_ASYNC, deadLetter: queueArnOf(TOLD) } },
  }
}

async function invoke(endpoint: string, name: string, config: Json, payload: Json): Promise<void> {
  const client = new LambdaClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const to = (where: string | undefined): { Destination: string } | undefined =>
    where === undefined
      ? undefined
      : { Destination: where === 'eventbridge' ? BUS : queueArnOf(TOLD) }
  const { OnSuccess, OnFailure, MaximumRetryAttempts } = config
  const said = [OnSuccess, OnFailure, MaximumRetryAttempts].some((each) => each !== undefined)
  if (said) {
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: name,
        MaximumRetryAttempts,
        DestinationConfig: { OnSuccess: to(OnSuccess), OnFailure: to(OnFailure) },
      } as Json),
    )
  }
  const Payload = JSON.stringify(payload)
  await client.send(new InvokeCommand({ FunctionName: name, InvocationType: 'Event', Payload }))
  client.destroy()
}

/** One for each try, in order. */
function requestIds({ tape }: Rig, name: string): string[] {
  return tape.of(name).flatMap((line) => /^START RequestId: (\S+)/.exec(line)?.[1] ?? [])
}

/** The members that hold something: the SDK adds empty lists to each attribute. */
function withoutNoise({ Body, MessageAttributes = {} }: Json): Json {
  const attributes = Object.entries(MessageAttributes as Record<string, Json>).map(
    ([name, { DataType, StringValue }]) => [name, { DataType, StringValue }],
  )
  return { Body, MessageAttributes: Object.fromEntries(attributes) }
}
