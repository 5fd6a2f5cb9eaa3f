import type { TestContext } from 'node:test'
import { appOf, okOutcome, serveAws } from '../serve.ts'
import type { Received } from '../send.ts'

export const ACCOUNT = '123456789012'

/** The SQS API on a socket, in both protocols. */
export interface SqsRig {
  readonly port: number
  readonly url: (queue: string) => string
  /** The answer's JSON. */
  readonly call: (op: string, params: object) => Promise<Record<string, unknown>>
  /** `code: message`, as boto3 shows a refusal; `none` where it was none. */
  readonly refusal: (op: string, params: object) => Promise<string>
  readonly json: (op: string, params: object) => Promise<Received>
  readonly query: (
    op: string,
    params: Readonly<Record<string, string>>,
    path?: string,
  ) => Promise<Received>
  readonly create: (name: string, attributes?: Readonly<Record<string, string>>) => Promise<string>
}

export async function sqsRig(t: TestContext): Promise<SqsRig> {
  const served = await serveAws(t, appOf([]), () => okOutcome('1'))
  const { port } = served
  const url = (queue: string): string => `http://127.0.0.1:${port}/${ACCOUNT}/${queue}`
  const json: SqsRig['json'] = async (op, params) =>
    await served.send('/', {
      method: 'POST',
      headers: {
        'x-amz-target': `AmazonSQS.${op}`,
        'content-type': 'application/x-amz-json-1.0',
      },
      body: JSON.stringify(params),
    })
  const call: SqsRig['call'] = async (op, params) => {
    const { status, text } = await json(op, params)
    if (status !== 200) throw new Error(`${op}: ${status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }
  return {
    port,
    url,
    json,
    call,
    async refusal(op, params) {
      const { status, text, headers } = await json(op, params)
      if (status === 200) return 'none'
      const [code] = String(headers['x-amzn-query-error']).split(';')
      return `${code}: ${(JSON.parse(text) as { message: string }).message}`
    },
    query: async (op, params, path = '/') =>
      await served.send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body: new URLSearchParams({ Action: op, Version: '2012-11-05', ...params }).toString(),
      }),
    async create(name, attributes = {}) {
      await call('CreateQueue', { QueueName: name, Attributes: attributes })
      return url(name)
    },
  }
}
