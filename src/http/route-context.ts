import type { RouteContext } from '../events/http.ts'
import { stableId } from '../events/ids.ts'
import type { HttpApi } from '../model/app.ts'
import type { RouteTarget } from './router.ts'

/** What of a route stands in its events. Make it once a route: its identity is what is remembered. */
export function toRouteContext(
  accountId: string,
  { api, route }: RouteTarget,
  region: string = 'us-east-1',
): RouteContext {
  return {
    front: api.front,
    payload: api.payload,
    accountId,
    apiId: api.id,
    stage: api.stage,
    stageVariables: api.stageVariables,
    binaryMediaTypes: api.binaryMediaTypes,
    method: route.method,
    path: route.path,
    apiKeyRequired: route.apiKeyRequired,
    ...((route.responseMode ?? api.responseMode) === 'stream' ? { streams: true } : {}),
    ...(api.basePath === undefined ? {} : { basePath: api.basePath }),
    ...(api.multiValueHeaders === true ? { multiValueHeaders: true } : {}),
    ...(api.front === 'alb' ? { targetGroupArn: targetGroupArn(accountId, region, api) } : {}),
  }
}

function targetGroupArn(accountId: string, region: string, { id, service }: HttpApi): string {
  const name = `${service.replace(/[^A-Za-z0-9-]/g, '-').slice(0, 21)}-${id}`
  return `arn:aws:elasticloadbalancing:${region}:${accountId}:targetgroup/${name}/${stableId(id, 16)}`
}
