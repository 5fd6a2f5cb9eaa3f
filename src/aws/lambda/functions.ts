import { pathToFileURL } from 'node:url'
import type { FunctionDefinition } from '../../model/app.ts'
import { functionArn } from '../../model/arn.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { reservedMember } from './concurrency.ts'
import { toConfiguration } from './configuration.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { pageOf } from './page.ts'
import { findFunction } from './reference.ts'

export const functionOperations: readonly Operation[] = [
  {
    name: 'GetFunction',
    method: 'GET',
    path: '/2015-03-31/functions/{FunctionName}',
    run: getFunction,
  },
  {
    name: 'GetFunctionConfiguration',
    method: 'GET',
    path: '/2015-03-31/functions/{FunctionName}/configuration',
    run: getFunctionConfiguration,
  },
  { name: 'ListFunctions', method: 'GET', path: '/2015-03-31/functions', run: listFunctions },
]

function getFunction(call: Call, context: LambdaContext): Answer {
  const { fn, arn, version } = findFunction(call, context)
  const concurrency = reservedMember(context.limits.current().functions[fn.name])
  return jsonAnswer(200, {
    Configuration: toConfiguration(fn, arn, version),
    // AWS knows S3 only. The code is here, and this is where.
    Code: { RepositoryType: 'S3', Location: pathToFileURL(fn.taskRoot).href },
    ...(Object.keys(fn.tags).length === 0 ? {} : { Tags: fn.tags }),
    ...(Object.keys(concurrency).length === 0 ? {} : { Concurrency: concurrency }),
  })
}

function getFunctionConfiguration(call: Call, context: LambdaContext): Answer {
  const { fn, arn, version } = findFunction(call, context)
  return jsonAnswer(200, toConfiguration(fn, arn, version))
}

/** In order of name, so that a marker stays good when functions come and go between two pages. */
function listFunctions({ query }: Call, { app }: LambdaContext): Answer {
  const { region, accountId, functions } = app()
  const { items, nextMarker = null } = pageOf(query, [...functions].sort(byName), (fn) => fn.name)
  const qualifier = query.get('FunctionVersion') === 'ALL' ? ':$LATEST' : ''
  return jsonAnswer(200, {
    Functions: items.map((fn) =>
      toConfiguration(fn, functionArn(region, accountId, fn.name) + qualifier),
    ),
    NextMarker: nextMarker,
  })
}

function byName(a: FunctionDefinition, b: FunctionDefinition): number {
  return a.name < b.name ? -1 : 1
}
