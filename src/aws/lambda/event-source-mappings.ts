import { functionArn, parseFunctionReference } from '../../model/arn.ts'
import type { MappingFacts, NewMapping } from '../../queue/mappings.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { conflict, invalidParameter, notFound } from './errors.ts'
import { mappingChanges } from './mapping-members.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { withQualifier } from './reference.ts'
import { membersOf, optionalText, requiredText, textsOf } from './request-body.ts'

const ALL = '/2015-03-31/event-source-mappings'
const ONE = `${ALL}/{UUID}`

/** What takes messages from queues for functions. */
export const eventSourceMappingOperations: readonly Operation[] = [
  { name: 'CreateEventSourceMapping', method: 'POST', path: ALL, run: create },
  { name: 'ListEventSourceMappings', method: 'GET', path: ALL, run: list },
  { name: 'GetEventSourceMapping', method: 'GET', path: ONE, run: get },
  { name: 'UpdateEventSourceMapping', method: 'PUT', path: ONE, run: update },
  { name: 'DeleteEventSourceMapping', method: 'DELETE', path: ONE, run: remove },
]

async function create(call: Call, context: LambdaContext): Promise<Answer> {
  const members = await membersOf(call)
  const named = functionOf(requiredText(members, 'FunctionName'), context)
  const queueArn = optionalText(members, 'EventSourceArn')
  if (queueArn?.split(':')[2] !== 'sqs') throw invalidParameter('Unrecognized event source.')
  const mapping: NewMapping = {
    enabled: true,
    batchSize: 10,
    windowMs: 0,
    partialFailures: false,
    filterPatterns: [],
    ...named,
    queueArn,
    ...mappingChanges(members),
  }
  check(mapping)
  await checkQueue(queueArn, context)
  checkTwin(mapping, context)
  const facts = context.mappings.create(mapping, textsOf(members, 'Tags'))
  return jsonAnswer(202, toMembers(facts, 'Creating', context))
}

async function update(call: Call, context: LambdaContext): Promise<Answer> {
  const { uuid, source } = find(call, context)
  const members = await membersOf(call)
  const functionName = optionalText(members, 'FunctionName')
  const changes: Partial<NewMapping> = {
    ...(functionName === undefined ? {} : functionOf(functionName, context)),
    ...mappingChanges(members),
  }
  check({ ...source, ...changes })
  const facts = context.mappings.update(uuid, changes)
  if (facts === undefined) throw unknownMapping()
  return jsonAnswer(202, toMembers(facts, 'Updating', context))
}

function get(call: Call, context: LambdaContext): Answer {
  return jsonAnswer(200, toMembers(find(call, context), undefined, context))
}

function remove(call: Call, context: LambdaContext): Answer {
  const facts = context.mappings.delete(find(call, context).uuid)
  if (facts === undefined) throw unknownMapping()
  return jsonAnswer(202, toMembers(facts, 'Deleting', context))
}

function list({ query }: Call, context: LambdaContext): Answer {
  const queueArn = query.get('EventSourceArn')
  const functionName = query.get('FunctionName')
  const named =
    functionName === null ? undefined : (parseFunctionReference(functionName)?.name ?? '')
  const all = context.mappings
    .all()
    .filter(({ source }) => queueArn === null || source.queueArn === queueArn)
    .filter(({ source }) => named === undefined || source.functionName === named)
    .toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1))
  const { items, nextMarker } = pageOf(query, all, ({ uuid }) => uuid)
  return jsonAnswer(200, {
    EventSourceMappings: items.map((facts) => toMembers(facts, undefined, context)),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  })
}

/** The `UUID` stands where other paths have the function's name. */
function find({ functionName: uuid }: Call, { mappings }: LambdaContext): MappingFacts {
  const facts = mappings.get(uuid)
  if (facts === undefined) throw unknownMapping()
  return facts
}

function unknownMapping(): Error {
  return notFound('The resource you requested does not exist.')
}

function functionOf(
  text: string,
  { app, registry }: LambdaContext,
): Pick<NewMapping, 'functionName' | 'qualifier'> {
  const { name = '', qualifier } = parseFunctionReference(text) ?? {}
  const isThere = app().functions.some((fn) => fn.name === name)
  const isKnown =
    qualifier === undefined ||
    qualifier === '$LATEST' ||
    registry.alias(name, qualifier) !== undefined ||
    registry.versionsOf(name).some(({ number }) => number === qualifier)
  if (!isThere || !isKnown) throw invalidParameter('Function does not exist')
  return { functionName: name, ...(qualifier === undefined ? {} : { qualifier }) }
}

/** What fits only together. */
function check({ queueArn, batchSize, windowMs }: NewMapping): void {
  if (queueArn.endsWith('.fifo')) {
    if (batchSize > 10) throw invalidParameter('The maximum batch size of a FIFO queue is 10')
    if (windowMs > 0) throw invalidParameter('FIFO queues have no batching window')
  }
  if (batchSize > 10 && windowMs === 0) {
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    )
  }
}

async function checkQueue(queueArn: string, { hasQueue }: LambdaContext): Promise<void> {
  if (await hasQueue(queueArn.split(':').at(-1) ?? '')) return
  throw invalidParameter(
    'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
  )
}

/** A queue and a function have one mapping between them. The blanks are AWS's. */
function checkTwin({ queueArn, functionName }: NewMapping, { mappings }: LambdaContext): void {
  const twin = mappings
    .all()
    .find(({ source }) => source.queueArn === queueArn && source.functionName === functionName)
  if (twin === undefined) return
  throw conflict(
    `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${functionName} ") already exists. Please update or delete the existing mapping with UUID ${twin.uuid}`,
  )
}

function toMembers(
  { uuid, source, modifiedMs }: MappingFacts,
  state: 'Creating' | 'Updating' | 'Deleting' | undefined,
  { app }: LambdaContext,
): Record<string, unknown> {
  const { region, accountId } = app()
  const { functionName, qualifier, maxConcurrency, filterPatterns } = source
  return {
    UUID: uuid,
    BatchSize: source.batchSize,
    MaximumBatchingWindowInSeconds: source.windowMs / 1000,
    EventSourceArn: source.queueArn,
    FunctionArn: withQualifier(functionArn(region, accountId, functionName), qualifier),
    LastModified: modifiedMs / 1000,
    State: state ?? (source.enabled ? 'Enabled' : 'Disabled'),
    StateTransitionReason: 'USER_INITIATED',
    FunctionResponseTypes: source.partialFailures ? ['ReportBatchItemFailures'] : [],
    EventSourceMappingArn: `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`,
    ...(filterPatterns.length === 0
      ? {}
      : { FilterCriteria: { Filters: filterPatterns.map((Pattern) => ({ Pattern })) } }),
    ...(maxConcurrency === undefined
      ? {}
      : { ScalingConfig: { MaximumConcurrency: maxConcurrency } }),
  }
}
