import { attributeFault, QUEUE_ATTRIBUTES } from '../../model/queue-settings.ts'
import { effectiveAttributes } from './attribute-values.ts'
import { attributeError, unknownAttribute } from './errors.ts'
import {
  arnOf,
  queueOf,
  type Operation,
  type Params,
  type Result,
  type SqsContext,
} from './operation.ts'
import { checkRedrive } from './redrive.ts'
import { textMap, texts } from './values.ts'

export const attributeOperations: Readonly<Record<string, Operation>> = {
  GetQueueAttributes: getQueueAttributes,
  SetQueueAttributes: setQueueAttributes,
}

const COMPUTED = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
]

async function getQueueAttributes(params: Params, context: SqsContext): Promise<Result> {
  const { name, facts } = queueOf(params, context)
  const wanted = texts(params, 'AttributeNames')
  for (const each of wanted) {
    if (each !== 'All' && !QUEUE_ATTRIBUTES.includes(each) && !COMPUTED.includes(each)) {
      throw unknownAttribute(each)
    }
  }
  if (wanted.length === 0) return {}
  const { visible, inFlight, delayed } = await context.queues.counts(name)
  const all: Readonly<Record<string, string>> = {
    ...effectiveAttributes(facts),
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    QueueArn: arnOf(name, context),
    CreatedTimestamp: toSeconds(facts.createdMs),
    LastModifiedTimestamp: toSeconds(facts.modifiedMs),
  }
  const isWanted = (key: string): boolean => wanted.includes('All') || wanted.includes(key)
  const Attributes = Object.fromEntries(Object.entries(all).filter(([key]) => isWanted(key)))
  return Object.keys(Attributes).length === 0 ? {} : { Attributes }
}

async function setQueueAttributes(params: Params, context: SqsContext): Promise<Result> {
  const { name, facts } = queueOf(params, context)
  const changes = textMap(params, 'Attributes')
  if (name.endsWith('.fifo') && changes['FifoQueue'] === 'false') {
    throw attributeError({
      code: 'InvalidAttributeValue',
      message:
        'Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.',
    })
  }
  const type = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {}
  const fault = attributeFault(name, { ...type, ...changes })
  if (fault !== undefined) throw attributeError(fault)
  checkRedrive(name, changes, context)
  // An empty value takes an attribute away.
  const attributes = Object.fromEntries(
    Object.entries({ ...facts.attributes, ...changes }).filter(([, value]) => value !== ''),
  )
  await context.queues.define(name, { attributes, tags: facts.tags })
  return {}
}

function toSeconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}
