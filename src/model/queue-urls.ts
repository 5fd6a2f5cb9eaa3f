import type { App } from './app.ts'

/** What AWS calls a queue, and with it manifests: `https://sqs.us-east-1.amazonaws.com/123456789012/leads`. */
export function awsQueueUrl(region: string, accountId: string, name: string): string {
  return `https://sqs.${region}.amazonaws.com/${accountId}/${name}`
}

/** Where functions reach what is served here in AWS's place. */
export interface Endpoint {
  /** Undefined where no AWS endpoint listens. */
  readonly awsUrl: string | undefined
  /** By AWS's URL of each queue, the one here. Undefined where queues are AWS's own. */
  readonly queueUrls: ReadonlyMap<string, string> | undefined
}

/** A client sends where a queue's URL points, so functions are given ours for those that are kept here. */
export function endpointOf(
  { queues, background, region, accountId }: App,
  mode: 'dev' | 'start',
  awsUrl: string | undefined,
): Endpoint {
  // While developing nothing of AWS is touched, whatever is written.
  const areReal = queues === 'aws' && mode === 'start'
  if (awsUrl === undefined || areReal) return { awsUrl, queueUrls: undefined }
  const names = (background?.queues ?? []).map(({ name }) => name)
  const pairs = names.map(
    (name) => [awsQueueUrl(region, accountId, name), `${awsUrl}/${accountId}/${name}`] as const,
  )
  return { awsUrl, queueUrls: new Map(pairs) }
}
