import { pathToFileURL } from 'node:url'
import type { FunctionDefinition } from '../../model/app.ts'
import { functionArn } from '../../model/arn.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import type { AwsOptions } from '../options.ts'
import { toConfiguration } from './configuration.ts'
import { invalidMember } from './errors.ts'
import type { Call, Operation } from './operation.ts'
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

function getFunction(call: Call, { app, limits }: AwsOptions): Answer {
  const { fn, arn } = findFunction(call, app())
  const reserved = limits.current().functions[fn.name]?.reservedConcurrency
  return jsonAnswer(200, {
    Configuration: toConfiguration(fn, arn),
    // AWS knows S3 only. The code is here, and this is where.
    Code: { RepositoryType: 'S3', Location: pathToFileURL(fn.taskRoot).href },
    ...(Object.keys(fn.tags).length === 0 ? {} : { Tags: fn.tags }),
    ...(reserved === undefined ? {} : { Concurrency: { ReservedConcurrentExecutions: reserved } }),
  })
}

function getFunctionConfiguration(call: Call, { app }: AwsOptions): Answer {
  const { fn, arn } = findFunction(call, app())
  return jsonAnswer(200, toConfiguration(fn, arn))
}

/** AWS's page, however much more a caller asks for. */
const PAGE_MAX = 50
const MAX_ITEMS_MAX = 10_000

/** In order of name, so that a marker stays good when functions come and go between two pages. */
function listFunctions({ query }: Call, options: AwsOptions): Answer {
  const { region, accountId, functions } = options.app()
  const after = fromMarker(query.get('Marker'))
  const size = Math.min(PAGE_MAX, maxItemsOf(query.get('MaxItems')))
  const rest = functions.filter(({ name }) => name > after).sort(byName)
  const page = rest.slice(0, size)
  const last = page.at(-1)
  const qualifier = query.get('FunctionVersion') === 'ALL' ? ':$LATEST' : ''
  return jsonAnswer(200, {
    Functions: page.map((fn) =>
      toConfiguration(fn, functionArn(region, accountId, fn.name) + qualifier),
    ),
    NextMarker: rest.length > size && last !== undefined ? toMarker(last.name) : null,
  })
}

function byName(a: FunctionDefinition, b: FunctionDefinition): number {
  return a.name < b.name ? -1 : 1
}

function maxItemsOf(given: string | null): number {
  if (given === null) return PAGE_MAX
  const count = Number(given)
  if (Number.isInteger(count) && count >= 1 && count <= MAX_ITEMS_MAX) return count
  const bound =
    count > MAX_ITEMS_MAX ? `less than or equal to ${MAX_ITEMS_MAX}` : 'greater than or equal to 1'
  throw invalidMember(given, 'maxItems', `Member must have value ${bound}`)
}

function toMarker(name: string): string {
  return Buffer.from(name).toString('base64url')
}

function fromMarker(marker: string | null): string {
  return marker === null ? '' : Buffer.from(marker, 'base64url').toString()
}
