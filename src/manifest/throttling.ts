import type { HttpRoute } from '../model/app.ts'
import type { Throttle } from '../model/front-rules.ts'
import { pluginNames, type Manifest } from './manifest.ts'
import { child, flag } from './read.ts'
import type { FunctionEvent } from './route.ts'
import { readThrottleNumbers, type ThrottleWords } from './throttle.ts'
import type { Node } from './tree.ts'

const PLUGIN = 'serverless-api-gateway-throttling'

/** Its words, and what it takes for one that is missing: API Gateway's account limits. */
const WORDS: ThrottleWords = { rate: 'maxRequestsPerSecond', burst: 'maxConcurrentRequests' }
const ACCOUNT: Throttle = { rate: 10_000, burst: 5000 }

/**
 * The throttle of a route by the plugin serverless-api-gateway-throttling, the one way to it in a
 * serverless.yml: `throttling` of the event over `custom.apiGatewayThrottling`, number by number.
 */
export function readThrottling(
  event: FunctionEvent,
  map: Node | undefined,
): Pick<HttpRoute, 'throttle'> {
  const { manifest, key, type } = event
  const own = child(manifest, map, 'throttling')
  const stage = child(manifest, manifest.root, 'custom', 'apiGatewayThrottling')
  if (!isInUse(manifest, stage, own)) return {}
  if (flag(manifest, child(manifest, own, 'disabled'), 'disabled') === true) return {}
  const words = { ...WORDS, others: ['disabled'] }
  const { rate, burst } = readThrottleNumbers(
    manifest,
    own,
    `throttling of ${key}'s ${type}`,
    words,
  )
  const inherited = stageThrottle(manifest, stage)
  return { throttle: { rate: rate ?? inherited.rate, burst: burst ?? inherited.burst } }
}

/** Without one of the two the plugin does nothing on AWS, and nothing is enforced here. */
function isInUse(
  manifest: Manifest,
  stage: Node | undefined,
  own: Node | undefined,
): stage is Node {
  const isThere = pluginNames(manifest, manifest.root).includes(PLUGIN)
  if (isThere && stage !== undefined) return true
  const written = own ?? stage
  if (written !== undefined) {
    const missing = isThere ? 'custom.apiGatewayThrottling' : `the plugin ${PLUGIN}`
    manifest.report.note(written.place, `has no effect without ${missing}, as on AWS`)
  }
  return false
}

/** A 0 is to the plugin as if it were not there. */
function stageThrottle(manifest: Manifest, stage: Node): Throttle {
  const { rate, burst } = readThrottleNumbers(manifest, stage, 'apiGatewayThrottling', WORDS)
  return { rate: rate || ACCOUNT.rate, burst: burst || ACCOUNT.burst }
}
