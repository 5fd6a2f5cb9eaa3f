import type { QueueSource } from '../../src/model/background.ts'
import { until } from '../support/until.ts'
import { functionNameOf, variablesOf } from './app.ts'
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

/** Writes down what it is called with. The first call ends as the case says, later ones well. */
function handlerOf({ result, functionError }: Json): string {
  return `
import { appendFileSync, existsSync } from 'node:fs'
const calls = import.meta.dirname + '/calls'
export const handler = async (event) => {
  const isFirst = !existsSync(calls)
  appendFileSync(calls, JSON.stringify(event) + '\\n')
  if (!isFirst) return null
  const error = ${JSON.stringify(functionError ?? null)}
  if (error) throw Object.assign(new Error(error.errorMessage), { name: error.errorType })
  const idOf = (body) => event.Records.find((record) => record.body === body).messageId
  const text = ${JSON.stringify(JSON.stringify(result ?? null))}
  return JSON.parse(text.replaceAll(/\\$\\{id:([^}]+)\\}/g, (_, body) => idOf(body)))
}
`
}

interface Stage {
  readonly sqs: SqsDoor
  readonly queue: string
  readonly folder: string
  readonly name: string
  /** The mapping takes what is in the queue. */
  readonly start: () => void
}

/** Kind `esm-record`: what a function receives of a message. */
export async function playEsmRecord(_: Rig, one: Case): Promise<string[]> {
  return await onStage(one, async ({ sqs, queue, folder, name, start }) => {
    const problems = unknownKeys(one.expected, ['event'])
    await sqs.send(queue, one.input.message)
    start()
    const event = await until('the event', () => linesIn(folder, 'calls')[0])
    const context = { vars: variablesOf(name) }
    return [...problems, ...match(one.expected.event, event, context, '/event')]
  })
}

/** Kind `esm-batch`: what becomes of each message. */
export async function playEsmBatch(_: Rig, one: Case): Promise<string[]> {
  return await onStage(one, async ({ sqs, queue, folder, start }) => {
    const { messages } = one.input as { messages: string[] }
    for (const MessageBody of messages) await sqs.send(queue, { MessageBody })
    start()
    // What failed comes again, and ends well then.
    await sqs.empty(queue)
    const [first = [], ...later] = linesIn(folder, 'calls').map(({ Records }): string[] =>
      Records.map(({ body }: Json) => body),
    )
    const retried = messages.filter((body) => later.flat().includes(body))
    const seen: Json = {
      invokedWith: messages.filter((body) => first.includes(body)),
      retried,
      deleted: messages.filter((body) => !retried.includes(body)),
    }
    return Object.entries(one.expected).flatMap(([key, expected]) =>
      key in seen ? match(expected, seen[key], {}, `/${key}`) : [unknownKey(key)],
    )
  })
}

async function onStage(one: Case, play: (stage: Stage) => Promise<string[]>): Promise<string[]> {
  const rig = await openRig()
  const sqs = openSqs(rig.spillway.urls.aws ?? '')
  try {
    const name = functionNameOf(one.id)
    const folder = rig.folder(name, { 'index.mjs': handlerOf(one.input) })
    const { queue } = one.input.mapping as { queue: string }
    const load = (enabled: boolean): void => {
      const source = sourceOf(one.input.mapping, name, enabled)
      const queues = [queueNamed(queue, { VisibilityTimeout: '1' })]
      const app = backgroundApp([{ name, taskRoot: folder }], { queues, queueSources: [source] })
      rig.spillway.reload(app)
    }
    load(false)
    return await play({ sqs, queue, folder, name, start: () => load(true) })
  } finally {
    sqs.close()
    await rig.close()
  }
}

function sourceOf(
  { queue, batchSize, window, responseTypes = [], filters = [] }: Json,
  functionName: string,
  enabled: boolean,
): QueueSource {
  return {
    name: `${functionName}/${queue}`,
    functionName,
    queueArn: queueArnOf(queue),
    enabled,
    batchSize,
    windowMs: window * 1000,
    partialFailures: responseTypes.includes('ReportBatchItemFailures'),
    filterPatterns: filters,
    place: { file: 'case', line: 1, column: 1 },
  }
}

function unknownKeys(expected: Json, known: readonly string[]): string[] {
  return Object.keys(expected)
    .filter((key) => !known.includes(key))
    .map(unknownKey)
}
