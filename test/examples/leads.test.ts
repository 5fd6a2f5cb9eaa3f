import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createSpillway, loadApp, type App, type Spillway } from '../../src/index.ts'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { createLog } from '../../src/lib/log.ts'
import { until } from '../support/until.ts'

const KEYS = { accessKeyId: 'any', secretAccessKey: 'any' }
const EXAMPLE = join(import.meta.dirname, '../../examples/leads')

describe('The leads example', () => {
  let spillway: Spillway
  let app: App
  const directory = mkdtempSync('/var/tmp/leads-')

  before(async () => {
    chmodSync(directory, 0o777) // Functions may run under users of their own.
    app = await loadApp({ paths: [EXAMPLE], env: {} })
    spillway = await createSpillway({
      app: withEnvironment(app, { LEADS_DIR: directory, REPORT_MS: '10' }),
      mode: 'dev',
      listen: { api: {}, aws: {} },
      log: createLog('error'),
      onLog: () => {},
    })
  })

  after(async () => {
    await spillway.close()
    rmSync(directory, { recursive: true })
  })

  test('is understood to the last line', () => {
    assert.deepEqual(app.notes, [])
    assert.equal(app.limits.groups['api']?.guaranteedConcurrency, 20)
    assert.equal(app.limits.groups['etl']?.maxConcurrency, 4)
    assert.equal(app.limits.functions['leads-dev-etl']?.group, 'etl')
    assert.equal(app.limits.functions['leads-dev-report']?.maxConcurrency, 5)
  })

  test('answers a lead with what it keeps, and gives it back later', async () => {
    const lead = '{"leadId":"7","name":"Ada","email":"a@x.io"}'
    assert.deepEqual(await post('/lead/7', { name: 'Ada', email: 'a@x.io' }), [200, lead])
    assert.deepEqual(await get('/lead/7'), [200, lead])
  })

  test('says what is wrong with a lead', async () => {
    assert.match(await refusal({ email: 'a@x.io' }), /^name: /)
    assert.match(await refusal({ name: 'Ada', email: 'nowhere' }), /^email: /)
    assert.match(await refusal('text'), /JSON object/)
    assert.deepEqual(await get('/lead/8'), [404, '{"message":"there is no lead 8"}'])
  })

  test('counts its leads in the report and in the ETL', async () => {
    await post('/lead/9', { name: 'Bob', email: 'b@y.io' })
    const [status, text] = await get('/report')
    assert.equal(status, 200)
    assert.ok(JSON.parse(text).leads >= 1)
    const outcome = await spillway.invoke('leads-dev-etl', '{}')
    assert.ok(outcome.status === 'ok' && outcome.result.kind === 'json')
    assert.equal(JSON.parse(Buffer.from(outcome.result.json).toString()).byDomain['y.io'], 1)
  })

  test('writes to a lead by and by, and never to one that takes no mail', async () => {
    await post('/lead/10', { name: 'Cid', email: 'c@unreachable.example' })
    await post('/lead/11', { name: 'Dee', email: 'd@z.io' })
    const letter = join(directory, 'follow-ups', '11.txt')
    await until('the letter', () => existsSync(letter))
    assert.match(readFileSync(letter, 'utf8'), /^To: d@z\.io\n\nDear Dee, /)
    assert.ok(!existsSync(join(directory, 'follow-ups', '10.txt')))
  })

  test('tells its destination what an event came to', async () => {
    const { aws } = spillway.urls
    const path = '/2015-03-31/functions/leads-dev-etl/invocations'
    const headers = { 'x-amz-invocation-type': 'Event' }
    const accepted = await fetch(`${aws}${path}`, { method: 'POST', headers, body: '{}' })
    assert.equal(accepted.status, 202)
    const sqs = new SQSClient({ endpoint: aws ?? '', region: 'us-east-1', credentials: KEYS })
    const command = new ReceiveMessageCommand({
      QueueUrl: `${aws}/123456789012/leads-dev-counts`,
      WaitTimeSeconds: 20,
    })
    const { Messages } = await sqs.send(command)
    sqs.destroy()
    const { requestContext, responsePayload } = JSON.parse(Messages?.[0]?.Body ?? '')
    assert.equal(requestContext.condition, 'Success')
    assert.ok(responsePayload.leads >= 1)
  })

  async function refusal(body: unknown): Promise<string> {
    const [status, text] = await post('/lead/8', body)
    assert.equal(status, 400)
    return JSON.parse(text).message
  }

  async function get(path: string): Promise<[number, string]> {
    const response = await fetch(`${spillway.urls.api}${path}`)
    return [response.status, await response.text()]
  }

  async function post(path: string, body: unknown): Promise<[number, string]> {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${spillway.urls.api}${path}`, init)
    return [response.status, await response.text()]
  }
})

function withEnvironment(app: App, environment: Readonly<Record<string, string>>): App {
  const functions = app.functions.map((fn) => ({
    ...fn,
    environment: { ...fn.environment, ...environment },
  }))
  return { ...app, functions }
}
