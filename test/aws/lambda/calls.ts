import type { TestContext } from 'node:test'
import type { AwsOptions } from '../../../src/aws/options.ts'
import type { Invocation } from '../../../src/invoke/invocation.ts'
import type { LimitsConfig } from '../../../src/model/limits.ts'
import type { Received } from '../send.ts'
import { appOf, okOutcome, serveAws, type Served } from '../serve.ts'

export const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:a'

/** The Lambda API with functions `a` and `b`, in short. */
export interface Api extends Served {
  readonly invocations: Invocation[]
  call(method: string, path: string, body?: unknown): Promise<Received>
  /** Loads the same App anew: from then on the next version may be published. */
  renew(): void
  publish(name?: string): Promise<Received>
  alias(body: unknown, name?: string): Promise<Received>
  provision(qualifier: string, count: unknown, name?: string): Promise<Received>
  /** Of `Qualifier=`. */
  provisioned(qualifier: string): Promise<Received>
}

export async function openApi(
  t: TestContext,
  limits: Partial<LimitsConfig> = {},
  more: Partial<Pick<AwsOptions, 'warmth' | 'random' | 'clock'>> = {},
): Promise<Api> {
  const invocations: Invocation[] = []
  const app = () => appOf([{ name: 'a', description: 'Does a' }, { name: 'b' }], limits)
  const invoke = (invocation: Invocation) => {
    invocations.push(invocation)
    return okOutcome('1')
  }
  const served = await serveAws(t, app(), invoke, more)
  const call = (method: string, path: string, body?: unknown): Promise<Received> =>
    served.send(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const of = (name: string): string => encodeURIComponent(name)
  return {
    ...served,
    invocations,
    call,
    renew: () => served.reload(app()),
    publish: (name = 'a') => call('POST', `/2015-03-31/functions/${of(name)}/versions`, {}),
    alias: (body, name = 'a') => call('POST', `/2015-03-31/functions/${of(name)}/aliases`, body),
    provision: (qualifier, count, name = 'a') =>
      call('PUT', provisionedPath(of(name), qualifier), { ProvisionedConcurrentExecutions: count }),
    provisioned: (qualifier) => call('GET', provisionedPath('a', qualifier)),
  }
}

export function provisionedPath(name: string, qualifier: string): string {
  return `/2019-09-30/functions/${name}/provisioned-concurrency?Qualifier=${qualifier}`
}

/** An answer in one line: status, type of the error, message, and whether it says whose fault it is. */
export function errorIn({ status, headers, json }: Received): unknown[] {
  const { message, Message, Type } = json as Record<string, unknown>
  return [status, headers['x-amzn-errortype'], message ?? Message, Type ?? null]
}
