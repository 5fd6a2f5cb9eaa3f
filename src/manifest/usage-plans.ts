import type { HttpRoute } from '../model/app.ts'
import type { Quota, UsagePlan } from '../model/front-rules.ts'
import type { PlannedKey } from './api-keys.ts'
import { reportUnknown } from './limit-words.ts'
import type { Manifest } from './manifest.ts'
import { child, expected, items, oneOf, settings, wholeNumber } from './read.ts'
import { readThrottle } from './throttle.ts'
import type { Node } from './tree.ts'

const WORDS = { rate: 'rateLimit', burst: 'burstLimit' }

/** How many days later a period may begin, as API Gateway checks it. */
const OFFSET_MAX = { DAY: 0, WEEK: 6, MONTH: 27 } as const

/**
 * `provider.apiGateway.usagePlan`: one plan of all keys, or a list of `{name: plan}`, the keys of
 * which stand under the same name in `apiKeys`. Plans are named as Serverless names them.
 */
export function readUsagePlans(
  manifest: Manifest,
  keys: readonly PlannedKey[],
  routes: readonly HttpRoute[],
): UsagePlan[] {
  const provider = child(manifest, manifest.root, 'provider')
  const written =
    child(manifest, provider, 'apiGateway', 'usagePlan') ?? child(manifest, provider, 'usagePlan')
  if (written !== undefined && !routes.some(({ apiKeyRequired }) => apiKeyRequired)) {
    const message = 'no route asks for an API key (private: true), so no usage plan is in force'
    manifest.report.note(written.place, message)
  }
  const named = namedPlans(manifest, written)
  if (named.length > 0) reportUnplanned(manifest, keys, new Set(named.map(({ name }) => name)))
  return named.map(({ name, node }) => ({
    name: [manifest.serviceName, ...(name === undefined ? [] : [name]), manifest.stage].join('-'),
    keys: keys.flatMap(({ plan, name: own, value }) => (plan === name ? { name: own, value } : [])),
    ...readPlan(manifest, node, name === undefined ? 'the usage plan' : `usage plan ${name}`),
  }))
}

interface NamedPlan {
  /** None for the only one. */
  readonly name: string | undefined
  readonly node: Node
}

function namedPlans(manifest: Manifest, written: Node | undefined): NamedPlan[] {
  if (written === undefined) return []
  if (written.kind !== 'list') return [{ name: undefined, node: written }]
  return items(manifest, written, 'usagePlan').flatMap((item) => {
    const [only] = settings(manifest, item, 'a usage plan of the list')
    return only === undefined ? [] : [{ name: only.key, node: only.value }]
  })
}

/** Serverless refuses such a key, or AWS every request that brings it. */
function reportUnplanned(
  { report }: Manifest,
  keys: readonly PlannedKey[],
  names: ReadonlySet<string | undefined>,
): void {
  for (const { plan, place } of keys) {
    if (names.has(plan)) continue
    const whose = plan === undefined ? 'this API key' : `the API keys of "${plan}"`
    report.error(place, `expected a usage plan for ${whose} in the list of usagePlan, got: none`)
  }
}

function readPlan(
  manifest: Manifest,
  node: Node,
  what: string,
): Pick<UsagePlan, 'throttle' | 'quota'> {
  if (node.kind !== 'map') expected(manifest, node, `${what} to be a map with quota or throttle`)
  if (node.kind !== 'map') return {}
  for (const setting of settings(manifest, node, what)) {
    if (setting.key === 'quota' || setting.key === 'throttle') continue
    reportUnknown(manifest, setting, { known: ['quota', 'throttle'], later: [] })
  }
  const throttleNode = child(manifest, node, 'throttle')
  const throttle = readThrottle(manifest, throttleNode, `the throttle of ${what}`, WORDS)
  const quota = readQuota(manifest, child(manifest, node, 'quota'), `the quota of ${what}`)
  return {
    ...(throttle === undefined ? {} : { throttle }),
    ...(quota === undefined ? {} : { quota }),
  }
}

function readQuota(manifest: Manifest, node: Node | undefined, what: string): Quota | undefined {
  if (node === undefined) return undefined
  const known = ['limit', 'offset', 'period']
  for (const setting of settings(manifest, node, what)) {
    if (!known.includes(setting.key)) reportUnknown(manifest, setting, { known, later: [] })
  }
  const part = (key: string): Node | undefined => child(manifest, node, key)
  for (const key of ['limit', 'period']) {
    if (node.kind !== 'map' || part(key) !== undefined) continue
    manifest.report.error(node.place, `expected ${what} to have a ${key}, got: nothing`)
  }
  const limit = wholeNumber(manifest, part('limit'), `limit of ${what}`, { min: 0 })
  const words = ['DAY', 'WEEK', 'MONTH'] as const
  const period = oneOf(manifest, part('period'), `period of ${what}`, words)
  if (limit === undefined || period === undefined) return undefined
  const range = { min: 0, max: OFFSET_MAX[period] }
  const offset = wholeNumber(manifest, part('offset'), `offset of ${what} by ${period}`, range)
  return { limit, period, offset: offset ?? 0 }
}
