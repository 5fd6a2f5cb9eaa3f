import type { Notifications, Published } from '../../bus/notifications.ts'
import type { Publication } from '../../bus/topics.ts'
import type { Answer } from '../answer.ts'
import { textElement, xmlAnswer } from '../xml.ts'
import { SNS_NAMESPACE, SnsError, snsErrorAnswer } from './errors.ts'
import { bytesOf, MESSAGE_BYTES_MAX, publicationOf, topicOf } from './publication.ts'

export type SnsContext = Pick<Notifications, 'topics' | 'publish'>

type Operation = (params: URLSearchParams, context: SnsContext) => Promise<string>

const OPERATIONS: Readonly<Record<string, Operation>> = {
  Publish: publish,
  PublishBatch: publishBatch,
}

/** SNS's API in the Query protocol: publishing. Undefined for what is not served. */
export async function callSns(
  params: URLSearchParams,
  requestId: string,
  context: SnsContext,
): Promise<Answer | undefined> {
  const action = params.get('Action') ?? ''
  const operation = Object.hasOwn(OPERATIONS, action) ? OPERATIONS[action] : undefined
  if (operation === undefined) return undefined
  try {
    const result = await operation(params, context)
    const about = `<ResponseMetadata>${textElement('RequestId', requestId)}</ResponseMetadata>`
    const content = `<${action}Result>${result}</${action}Result>${about}`
    return xmlAnswer(
      200,
      `<${action}Response xmlns="${SNS_NAMESPACE}">${content}</${action}Response>`,
    )
  } catch (error) {
    if (error instanceof SnsError) return snsErrorAnswer(error, requestId)
    throw error
  }
}

async function publish(params: URLSearchParams, context: SnsContext): Promise<string> {
  const topic = topicOf(params, context.topics)
  const publication = publicationOf(params, '', topic, context.topics)
  try {
    return published(await context.publish(publication))
  } catch (error) {
    throw new SnsError(500, 'InternalError', (error as Error).message)
  }
}

function published({ messageId, sequenceNumber }: Published): string {
  const sequence = sequenceNumber === undefined ? '' : textElement('SequenceNumber', sequenceNumber)
  return `${textElement('MessageId', messageId)}${sequence}`
}

const ENTRIES = 'PublishBatchRequestEntries.member'
const ENTRIES_MAX = 10
const ID_CHARS_MAX = 80

/** What is wrong with one entry refuses all of them, as on AWS; what goes wrong later is of that entry alone. */
async function publishBatch(params: URLSearchParams, context: SnsContext): Promise<string> {
  const topic = topicOf(params, context.topics)
  const ids = idsOf(params)
  const publications = ids.map((_, at) =>
    publicationOf(params, `${ENTRIES}.${at + 1}.`, topic, context.topics),
  )
  if (publications.reduce((sum, each) => sum + bytesOf(each), 0) > MESSAGE_BYTES_MAX) {
    throw new SnsError(
      400,
      'BatchRequestTooLong',
      'The length of all the messages put together is more than the limit.',
    )
  }
  const results = await Promise.allSettled(
    publications.map(async (publication) => await publishOne(publication, context)),
  )
  const successful: string[] = []
  const failed: string[] = []
  for (const [at, result] of results.entries()) {
    const id = textElement('Id', ids[at] ?? '')
    if (result.status === 'fulfilled') successful.push(`<member>${id}${result.value}</member>`)
    else failed.push(`<member>${id}${failureOf(result.reason)}</member>`)
  }
  return `<Failed>${failed.join('')}</Failed><Successful>${successful.join('')}</Successful>`
}

async function publishOne(publication: Publication, context: SnsContext): Promise<string> {
  return published(await context.publish(publication))
}

function failureOf(reason: unknown): string {
  const message = reason instanceof Error ? reason.message : String(reason)
  return `<Code>InternalError</Code>${textElement('Message', message)}<SenderFault>false</SenderFault>`
}

function idsOf(params: URLSearchParams): string[] {
  const ids: string[] = []
  for (let at = 1; params.has(`${ENTRIES}.${at}.Id`); at++) {
    ids.push(params.get(`${ENTRIES}.${at}.Id`) ?? '')
  }
  if (ids.length === 0) {
    throw new SnsError(400, 'EmptyBatchRequest', "The batch request doesn't contain any entries.")
  }
  if (ids.length > ENTRIES_MAX) {
    throw new SnsError(
      400,
      'TooManyEntriesInBatchRequest',
      'The batch request contains more entries than permissible.',
    )
  }
  if (new Set(ids).size < ids.length) {
    throw new SnsError(
      400,
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    )
  }
  ids.forEach(checkId)
  return ids
}

function checkId(id: string): void {
  const why =
    id.length > ID_CHARS_MAX
      ? 'is too long'
      : /^[\w-]+$/.test(id)
        ? undefined
        : 'contains an impermissible character'
  if (why === undefined) return
  const message = `The Id of a batch entry in the batch request ${why}: ${id}`
  throw new SnsError(400, 'InvalidBatchEntryId', message)
}
