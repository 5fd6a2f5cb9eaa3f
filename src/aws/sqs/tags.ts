import { queueOf, type Operation, type Params, type Result, type SqsContext } from './operation.ts'
import { textMap, texts } from './values.ts'

export const tagOperations: Readonly<Record<string, Operation>> = {
  ListQueueTags: listQueueTags,
  TagQueue: tagQueue,
  UntagQueue: untagQueue,
}

function listQueueTags(params: Params, context: SqsContext): Result {
  const { tags } = queueOf(params, context).facts
  return Object.keys(tags).length === 0 ? {} : { Tags: tags }
}

async function tagQueue(params: Params, context: SqsContext): Promise<Result> {
  const { name, facts } = queueOf(params, context)
  const tags = { ...facts.tags, ...textMap(params, 'Tags') }
  await context.queues.define(name, { attributes: facts.attributes, tags })
  return {}
}

async function untagQueue(params: Params, context: SqsContext): Promise<Result> {
  const { name, facts } = queueOf(params, context)
  const gone = new Set(texts(params, 'TagKeys'))
  const tags = Object.fromEntries(Object.entries(facts.tags).filter(([key]) => !gone.has(key)))
  await context.queues.define(name, { attributes: facts.attributes, tags })
  return {}
}
