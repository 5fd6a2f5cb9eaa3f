import { splitTarget } from '../events/path.ts'
import { queryMaps } from '../events/query.ts'
import { assert } from '../lib/errors.ts'
import { valuesOf } from '../lib/raw-headers.ts'
import { parseIdentitySource, type IdentitySource } from '../model/identity-source.ts'
import type { Arrival } from './guard.ts'
import { headerOf } from './header.ts'
import { toRouteContext } from './route-context.ts'
import type { RouteTarget } from './router.ts'

/** Reads one part of a request: every value it has, none where it is missing or empty. */
export type IdentityReader = (arrival: Arrival) => readonly string[]

/** A reader for a source in AWS's words. */
export function identityReader(
  text: string,
  target: RouteTarget,
  accountId: string,
): IdentityReader {
  const source = parseIdentitySource(text, target.api.front === 'rest' ? 'rest' : 'httpapi')
  assert(source !== undefined, 'the manifest has read every identity source')
  const read = readerOf(source, target, accountId)
  return (arrival) => {
    const values = read(arrival)
    return values.every((value) => value === '') ? [] : values
  }
}

function readerOf(source: IdentitySource, target: RouteTarget, accountId: string): IdentityReader {
  const { part, name } = source
  switch (part) {
    case 'header': {
      const lower = name.toLowerCase()
      return ({ rawHeaders }) => valuesOf(rawHeaders, lower)
    }
    case 'querystring':
      return (arrival) => queryValues(arrival.target, name)
    case 'stageVariables': {
      const { stageVariables } = target.api
      const value = Object.hasOwn(stageVariables, name) ? stageVariables[name] : undefined
      return () => (value === undefined ? [] : [value])
    }
    case 'context':
      return (arrival) => [contextValue(name, arrival, target, accountId)]
  }
}

/** The values of a parameter, decoded; its name has a case. */
export function queryValues(target: string, name: string): readonly string[] {
  const all = queryMaps(splitTarget(target).query)?.all
  return all !== undefined && Object.hasOwn(all, name) ? (all[name] ?? []) : []
}

function contextValue(
  name: string,
  arrival: Arrival,
  target: RouteTarget,
  accountId: string,
): string {
  const { method, path, apiId, stage } = toRouteContext(accountId, target)
  const known: Readonly<Record<string, string | undefined>> = {
    accountId,
    apiId,
    stage,
    httpMethod: arrival.method,
    path: splitTarget(arrival.target).path,
    protocol: arrival.protocol,
    resourcePath: path,
    routeKey: path === '$default' ? path : `${method} ${path}`,
    'identity.sourceIp': arrival.sourceIp,
    'identity.userAgent': headerOf(arrival.rawHeaders, 'user-agent'),
  }
  return known[name] ?? ''
}
