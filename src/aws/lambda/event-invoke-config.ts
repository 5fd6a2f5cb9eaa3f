import type { EventInvokeConfig, SetConfig } from '../../invoke/async/config.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { invalidMember, invalidParameter, notFound } from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { arnOf, findFunction, namedBy, withQualifier, type Referred } from './reference.ts'
import { LATEST } from './registry.ts'
import {
  membersOf,
  optionalCount,
  optionalObject,
  optionalText,
  type Members,
} from './request-body.ts'

const PATH = '/2019-09-25/functions/{FunctionName}/event-invoke-config'

/** What becomes of a function's events: retries, age, destinations. */
export const eventInvokeConfigOperations: readonly Operation[] = [
  { name: 'PutFunctionEventInvokeConfig', method: 'PUT', path: PATH, run: put },
  { name: 'UpdateFunctionEventInvokeConfig', method: 'POST', path: PATH, run: update },
  { name: 'GetFunctionEventInvokeConfig', method: 'GET', path: PATH, run: get },
  { name: 'DeleteFunctionEventInvokeConfig', method: 'DELETE', path: PATH, run: remove },
  { name: 'ListFunctionEventInvokeConfigs', method: 'GET', path: `${PATH}/list`, run: list },
]

/** Replaces all. */
async function put(call: Call, context: LambdaContext): Promise<Answer> {
  const { fn, qualifier } = target(call, context)
  const config = configOf(await membersOf(call))
  if (Object.keys(config).length === 0) {
    throw invalidParameter(
      'You must specify at least one of error handling or destination setting.',
    )
  }
  return answer(fn.name, qualifier, context.async.configs.set(fn.name, qualifier, config), context)
}

/** Replaces what is given. */
async function update(call: Call, context: LambdaContext): Promise<Answer> {
  const { fn, qualifier } = target(call, context)
  const { configs } = context.async
  const before = configs.get(fn.name, qualifier)
  if (before === undefined) throw missing(fn.name, qualifier, context)
  const config = { ...before.config, ...configOf(await membersOf(call)) }
  return answer(fn.name, qualifier, configs.set(fn.name, qualifier, config), context)
}

function get(call: Call, context: LambdaContext): Answer {
  const { name, qualifier } = known(call, context)
  const set = context.async.configs.get(name, qualifier)
  if (set === undefined) throw missing(name, qualifier, context)
  return answer(name, qualifier, set, context)
}

function remove(call: Call, context: LambdaContext): Answer {
  const { name, qualifier } = known(call, context)
  if (!context.async.configs.delete(name, qualifier)) throw missing(name, qualifier, context)
  return { status: 204 }
}

function list(call: Call, context: LambdaContext): Answer {
  const { name } = known(call, context)
  const all = context.async.configs.list(name)
  const { items, nextMarker } = pageOf(call.query, all, ({ qualifier }) => qualifier)
  return jsonAnswer(200, {
    FunctionEventInvokeConfigs: items.map(({ qualifier, set }) =>
      toMembers(name, qualifier, set, context),
    ),
    ...(nextMarker === undefined ? {} : { NextMarker: nextMarker }),
  })
}

/** @throws {LambdaError} where there is no such function: in words of its own (recorded 2025-11). */
function target(call: Call, context: LambdaContext): Referred {
  const { name } = namedBy(call, context.app())
  const isThere = context.app().functions.some((fn) => fn.name === name)
  if (!isThere) throw notFound("The function doesn't exist.")
  return findFunction(call, context)
}

/** Of a function that is not there there is no configuration either. */
function known(
  call: Call,
  context: LambdaContext,
): { name: string; qualifier: string | undefined } {
  return namedBy(call, context.app())
}

function missing(name: string, qualifier: string | undefined, { app }: LambdaContext): Error {
  const arn = withQualifier(arnOf(app(), name), qualifier ?? LATEST)
  return notFound(`The function ${arn} doesn't have an EventInvokeConfig`)
}

function configOf(members: Members): EventInvokeConfig {
  const retryAttempts = optionalCount(members, 'MaximumRetryAttempts', { min: 0, max: 2 })
  const ageS = optionalCount(members, 'MaximumEventAgeInSeconds', { min: 60, max: 21_600 })
  const destinations = optionalObject(members, 'DestinationConfig')
  const onSuccess = destinationOf(destinations, 'OnSuccess')
  const onFailure = destinationOf(destinations, 'OnFailure')
  return {
    ...(retryAttempts === undefined ? {} : { retryAttempts }),
    ...(ageS === undefined ? {} : { eventAgeMaxMs: ageS * 1000 }),
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
  }
}

/** A queue, a topic, a function or an event bus. */
const DESTINATION = /^arn:aws[a-z-]*:(?:sqs|sns|lambda|events):[a-z0-9-]+:\d{12}:.+$/

function destinationOf(config: Members | undefined, key: string): string | undefined {
  const side = config === undefined ? undefined : optionalObject(config, key)
  const arn = side === undefined ? undefined : optionalText(side, 'Destination')
  if (arn === undefined || DESTINATION.test(arn)) return arn
  if (arn.startsWith('arn:')) throw invalidParameter(`The destination ARN ${arn} is invalid.`)
  throw invalidMember(
    arn,
    `destinationConfig.${key.charAt(0).toLowerCase()}${key.slice(1)}.destination`,
    String.raw`Member must satisfy regular expression pattern: $|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)`,
  )
}

function answer(
  name: string,
  qualifier: string | undefined,
  set: SetConfig,
  context: LambdaContext,
): Answer {
  return jsonAnswer(200, toMembers(name, qualifier, set, context))
}

function toMembers(
  name: string,
  qualifier: string | undefined,
  { config, modifiedMs }: SetConfig,
  { app }: LambdaContext,
): Record<string, unknown> {
  const { retryAttempts, eventAgeMaxMs, onSuccess, onFailure } = config
  return {
    LastModified: modifiedMs / 1000,
    FunctionArn: withQualifier(arnOf(app(), name), qualifier ?? LATEST),
    ...(retryAttempts === undefined ? {} : { MaximumRetryAttempts: retryAttempts }),
    ...(eventAgeMaxMs === undefined ? {} : { MaximumEventAgeInSeconds: eventAgeMaxMs / 1000 }),
    DestinationConfig: {
      OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
      OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
    },
  }
}
