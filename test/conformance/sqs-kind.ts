import { match } from './match.mjs'
import { ACCOUNT_ID, appOf } from './app.ts'
import { fill, NotBuilt, type Case, type Json } from './cases.ts'
import { openRig, type Rig } from './rig.ts'
import { unknownKey } from './response.ts'
import { toForm } from './sqs-form.ts'
import { headerMap, send, type WireResponse } from './wire.ts'
import { elementsOf } from './xml.ts'

const TARGET = 'AmazonSQS'
const VERSION = '2012-11-05'

/** Kind `sqs`: steps of the SQS API, byte for byte, each in the protocol it names. */
export async function playSqs(_: Rig, one: Case): Promise<string[]> {
  const rig = await openRig()
  try {
    const endpoint = rig.spillway.urls.aws ?? ''
    const { queues, steps, ...rest } = one.input
    const [unbuilt] = Object.keys(rest)
    if (unbuilt !== undefined) throw new NotBuilt(`input ${unbuilt}`)
    rig.spillway.reload(appOf([]))
    const vars: Record<string, string> = { endpoint }
    for (const [name, attributes] of Object.entries(queues)) {
      vars[`q:${name}`] = `${endpoint}/${ACCOUNT_ID}/${name}`
      const made = await call(endpoint, {
        op: 'CreateQueue',
        params: { QueueName: name, Attributes: attributes },
      })
      if (made.status !== 200) throw new Error(made.body.toString())
    }
    return await playSteps(endpoint, { steps, expected: one.expected.steps, vars })
  } finally {
    await rig.close()
  }
}

interface Steps {
  readonly steps: Json[]
  readonly expected: Json[]
  readonly vars: Record<string, string>
}

async function playSteps(endpoint: string, { steps, expected, vars }: Steps): Promise<string[]> {
  const problems: string[] = []
  for (const [i, given] of steps.entries()) {
    const response = await call(endpoint, fill(given, vars))
    for (const [name, pointer] of Object.entries<string>(given.save ?? {})) {
      vars[name] = at(JSON.parse(response.body.toString()), pointer)
    }
    const found = stepProblems(fill(expected[i], vars), response)
    problems.push(...found.map((text) => `step ${i + 1}, ${given.op}: ${text}`))
  }
  return problems
}

async function call(endpoint: string, given: Json): Promise<WireResponse> {
  const { op, params, protocol = 'json' } = given
  if (protocol === 'query') {
    return await send(endpoint, {
      method: 'POST',
      target: '/',
      headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']],
      body: new URLSearchParams({ Action: op, Version: VERSION, ...toForm(params) }).toString(),
    })
  }
  return await send(endpoint, {
    method: 'POST',
    target: '/',
    headers: [
      ['Content-Type', 'application/x-amz-json-1.0'],
      ['X-Amz-Target', `${TARGET}.${op}`],
    ],
    body: JSON.stringify(params),
  })
}

type Check = (expected: Json, response: WireResponse) => string[]

const CHECKS: Readonly<Record<string, Check>> = {
  status: (expected, { status }) => match(expected, status, {}, '/status'),
  headers: (expected, response) => match(expected, headerMap(response), {}, '/headers'),
  json: (expected, { body }) => match(expected, JSON.parse(body.toString()), {}, '/json'),
  xml: (expected, { body }) => match(expected, elementsOf(body.toString()), {}, '/xml'),
  xmlContains: (expected, { body }) =>
    body.toString().includes(expected) ? [] : [`/xml: want ${expected} in ${body.toString()}`],
  // As boto3 shows it: the code is the older protocol's.
  errorCode: (expected, response) =>
    match(expected, headerMap(response)['x-amzn-query-error']?.split(';')[0], {}, '/errorCode'),
  errorMessage: (expected, { body }) =>
    match(expected, JSON.parse(body.toString()).message, {}, '/errorMessage'),
}

function stepProblems(expected: Json, response: WireResponse): string[] {
  return Object.entries(expected).flatMap(([key, value]) => {
    const check = CHECKS[key]
    return check === undefined ? [unknownKey(key)] : check(value, response)
  })
}

/** The value that a JSON pointer leads to. */
function at(value: Json, pointer: string): Json {
  return pointer
    .split('/')
    .slice(1)
    .reduce((found, key) => found?.[key], value)
}

/** Kind `md5`: what SQS says of a message's attributes when it is sent. */
export async function playMd5(rig: Rig, one: Case): Promise<string[]> {
  const endpoint = rig.spillway.urls.aws ?? ''
  const { messageAttributes: MessageAttributes } = one.input
  await call(endpoint, { op: 'CreateQueue', params: { QueueName: 'md5' } })
  const params = {
    QueueUrl: `${endpoint}/${ACCOUNT_ID}/md5`,
    MessageBody: 'x',
    MessageAttributes,
  }
  const { body } = await call(endpoint, { op: 'SendMessage', params })
  return match(one.expected, JSON.parse(body.toString()), {}, '')
}
