import { attributeFault, isQueueName, toQueueSettings } from '../../model/queue-settings.ts'
import { effectiveAttributes } from './attribute-values.ts'
import { attributeError, invalidValue, purgedJustNow, queueExists } from './errors.ts'
import {
  arnOf,
  named,
  queueOf,
  urlOf,
  type Operation,
  type Params,
  type Result,
  type SqsContext,
} from './operation.ts'
import { checkRedrive } from './redrive.ts'
import { optionalNumber, optionalText, requiredText, textMap } from './values.ts'

export const queueOperations: Readonly<Record<string, Operation>> = {
  CreateQueue: createQueue,
  DeleteQueue: deleteQueue,
  GetQueueUrl: getQueueUrl,
  ListQueues: listQueues,
  PurgeQueue: purgeQueue,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
}

async function createQueue(params: Params, context: SqsContext): Promise<Result> {
  const name = requiredText(params, 'QueueName')
  const attributes = textMap(params, 'Attributes')
  if (!isQueueName(name)) {
    throw invalidValue(
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    )
  }
  const fault = attributeFault(name, attributes)
  if (fault !== undefined) throw attributeError(fault)
  const known = context.queues.get(name)
  if (known !== undefined) {
    const has = effectiveAttributes(known)
    const other = Object.keys(attributes).find((key) => attributes[key] !== has[key])
    if (other !== undefined) throw queueExists(other)
  } else {
    checkRedrive(name, attributes, context)
    await context.queues.define(name, { attributes, tags: textMap(params, 'tags') })
  }
  return { QueueUrl: urlOf(name, context) }
}

async function deleteQueue(params: Params, context: SqsContext): Promise<Result> {
  await context.queues.remove(queueOf(params, context).name)
  return {}
}

function getQueueUrl(params: Params, context: SqsContext): Result {
  return { QueueUrl: urlOf(named(requiredText(params, 'QueueName'), context).name, context) }
}

function listQueues(params: Params, context: SqsContext): Result {
  const prefix = optionalText(params, 'QueueNamePrefix') ?? ''
  const names = context.queues.list().map(({ name }) => name)
  const { page, next } = pageOf(
    params,
    names.filter((name) => isQueueName(name) && name.startsWith(prefix)),
  )
  const QueueUrls = page.map((name) => urlOf(name, context))
  return { ...(page.length === 0 ? {} : { QueueUrls }), ...next }
}

const PURGE_EVERY_MS = 60_000

async function purgeQueue(params: Params, context: SqsContext): Promise<Result> {
  const { name } = queueOf(params, context)
  const { clock, purgedMs } = context
  const nowMs = clock.nowMs()
  if (nowMs - (purgedMs.get(name) ?? -Infinity) < PURGE_EVERY_MS) throw purgedJustNow(name)
  purgedMs.set(name, nowMs)
  await context.queues.purge(name)
  return {}
}

function listDeadLetterSourceQueues(params: Params, context: SqsContext): Result {
  const { name } = queueOf(params, context)
  const arn = arnOf(name, context)
  const sources = context.queues
    .list()
    .filter(({ attributes }) => toQueueSettings(attributes).redrive?.targetArn === arn)
  const { page, next } = pageOf(
    params,
    sources.map((source) => source.name),
  )
  return { queueUrls: page.map((source) => urlOf(source, context)), ...next }
}

const PAGE_MAX = 1000

/** A thousand at most; more come with a token, where the client has asked for pages. */
function pageOf(
  params: Params,
  names: readonly string[],
): { page: string[]; next: { NextToken?: string } } {
  const max = optionalNumber(params, 'MaxResults', {
    min: 1,
    max: PAGE_MAX,
    reason: 'MaxResults must be an integer between 1 and 1000',
  })
  const after = Buffer.from(optionalText(params, 'NextToken') ?? '', 'base64url').toString()
  const rest = names.filter((name) => name > after).sort()
  const page = rest.slice(0, max ?? PAGE_MAX)
  const hasMore = max !== undefined && rest.length > page.length
  const token = Buffer.from(page.at(-1) ?? '').toString('base64url')
  return { page, next: hasMore ? { NextToken: token } : {} }
}
