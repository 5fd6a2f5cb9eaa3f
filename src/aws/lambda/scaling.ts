import type { LimitField } from '../../gate/limits/limits.ts'
import { provisionedOf } from '../../model/arithmetic.ts'
import { jsonAnswer, type Answer } from '../answer.ts'
import { changeLimits } from './change.ts'
import { functionNotFound, invalidMember, invalidParameter } from './errors.ts'
import type { Call, LambdaContext, Operation } from './operation.ts'
import { checkProvisioned } from './provisioned-check.ts'
import { arnOf, findQualified, namedBy, withQualifier } from './reference.ts'
import { isNumber } from './registry.ts'
import { membersOf, optionalCount, optionalObject } from './request-body.ts'

const PATH = '/2025-11-30/functions/{FunctionName}/function-scaling-config'

export const scalingOperations: readonly Operation[] = [
  { name: 'PutFunctionScalingConfig', method: 'PUT', path: PATH, run: put },
  { name: 'GetFunctionScalingConfig', method: 'GET', path: PATH, run: get },
]

/** The version that is published without a number: here, the function as it is. */
const LATEST_PUBLISHED = '$LATEST.PUBLISHED'
const QUALIFIER_PATTERN = String.raw`Member must satisfy regular expression pattern: (\$LATEST\.PUBLISHED|[0-9]+)`
/** AWS's bound (2025-11-30). */
const ENVIRONMENTS_MAX = 15_000

/**
 * The wire form of our own limits. An environment runs one invocation at a time, so that
 * MaxExecutionEnvironments is the function's `maxConcurrency`, and MinExecutionEnvironments its
 * `provisionedConcurrency`. They are the function's, whichever of its versions is named.
 */
async function put(call: Call, context: LambdaContext): Promise<Answer> {
  const { name } = find(call, context)
  const { min, max } = await readScaling(call)
  const config = context.limits.current()
  const limits = config.functions[name]
  if (limits !== undefined) {
    const ofVersions = provisionedOf(limits) - (limits.provisionedConcurrency ?? 0)
    checkProvisioned(config, name, ofVersions + (min ?? 0))
  }
  const of = (field: LimitField, value: number | null) =>
    ({ scope: 'function', name, field, value }) as const
  changeLimits(context, [
    of('maxConcurrency', max),
    of('provisionedConcurrency', min === 0 ? null : min),
  ])
  return jsonAnswer(202, { FunctionState: max === 0 ? 'Deactivated' : 'Active' })
}

function get(call: Call, context: LambdaContext): Answer {
  const { name, arn } = find(call, context)
  const { provisionedConcurrency = 0, maxConcurrency } =
    context.limits.current().functions[name] ?? {}
  const scaling = {
    MinExecutionEnvironments: provisionedConcurrency,
    ...(maxConcurrency === undefined ? {} : { MaxExecutionEnvironments: maxConcurrency }),
  }
  return jsonAnswer(200, {
    FunctionArn: arn,
    AppliedFunctionScalingConfig: scaling,
    RequestedFunctionScalingConfig: scaling,
  })
}

function find(call: Call, context: LambdaContext): { name: string; arn: string } {
  const given = call.query.get('Qualifier')
  if (given === null) throw invalidMember(null, 'qualifier', 'Member must not be null')
  if (given !== LATEST_PUBLISHED && !isNumber(given)) {
    throw invalidMember(given, 'qualifier', QUALIFIER_PATTERN)
  }
  const { name } = namedBy(call, context.app())
  const arn = withQualifier(arnOf(context.app(), name), given)
  if (isNumber(given)) findQualified(name, given, context)
  else if (!context.app().functions.some((each) => each.name === name)) throw functionNotFound(arn)
  return { name, arn }
}

/** Both, or none: null takes a limit away. 0 and 0 switch the function off. */
async function readScaling(call: Call): Promise<{ min: number | null; max: number | null }> {
  const members = optionalObject(await membersOf(call), 'FunctionScalingConfig')
  if (members === undefined) return { min: null, max: null }
  const read = (key: string, member: string): number | undefined =>
    optionalCount(members, key, { min: 0, max: ENVIRONMENTS_MAX, member })
  const min = read('MinExecutionEnvironments', 'functionScalingConfig.minExecutionEnvironments')
  const max = read('MaxExecutionEnvironments', 'functionScalingConfig.maxExecutionEnvironments')
  if (min === undefined && max === undefined) return { min: null, max: null }
  if (min === undefined || max === undefined) {
    throw invalidParameter(
      'MinExecutionEnvironments and MaxExecutionEnvironments must be set together.',
    )
  }
  if (min > max) {
    throw invalidParameter(
      `MinExecutionEnvironments ${min} must not be greater than MaxExecutionEnvironments ${max}.`,
    )
  }
  return { min, max }
}
