import { relative } from 'node:path'
import colors from 'picocolors'
import { formatProblem } from '../lib/errors.ts'
import { formatDuration } from '../lib/duration.ts'
import type { App, HttpApi, HttpRoute } from '../model/app.ts'
import type { Spillway } from '../spillway.ts'

const FRONTS: Readonly<Record<HttpApi['front'], string>> = {
  rest: 'REST API 1.0',
  httpapi: 'HTTP API 2.0',
  'function-url': 'Function URL 2.0',
  alb: 'Load balancer',
}

/** What `dev` and `start` print when they are ready. */
export function describeApp(app: App, urls: Spillway['urls'], readyMs: number): string {
  return [
    `  ${summaryOf(app)}          ready in ${formatDuration(readyMs)}`,
    ...routeLines(app),
    `  ${urlLine(urls)}`,
    ...app.notes.map((note) => colors.dim(`  note  ${formatProblem(note)}`)),
  ].join('\n')
}

/** `6 functions  4 routes  1 schedule   serverless.yml · stage dev`. */
export function summaryOf(app: App): string {
  const routes = app.apis.reduce((sum, api) => sum + api.routes.length, 0)
  const manifests = app.services.map(({ manifest }) => shortest(manifest))
  const counts = [
    count(app.functions.length, 'function'),
    count(routes, 'route'),
    ...causeCounts(app.background),
  ]
  return `${counts.join('  ')}   ${manifests.join(', ')} · stage ${app.stage} · ${app.region}`
}

/** What there is of them. */
function causeCounts(background: App['background']): string[] {
  const {
    schedules = [],
    rules = [],
    subscriptions = [],
    bucketNotifications = [],
  } = background ?? {}
  const kinds = [
    [schedules, 'schedule'],
    [rules, 'rule'],
    [subscriptions, 'subscription'],
    [bucketNotifications, 'bucket notification'],
  ] as const
  return kinds.flatMap(([list, what]) => (list.length === 0 ? [] : [count(list.length, what)]))
}

/** As seen from here, unless that leads out of here. */
function shortest(path: string): string {
  const fromHere = relative('.', path)
  return fromHere === '' || fromHere.startsWith('..') ? path : fromHere
}

function count(number: number, what: string): string {
  return `${colors.bold(number)} ${what}${number === 1 ? '' : 's'}`
}

/** One line a route, in columns. */
export function routeLines(app: App): string[] {
  const keys = new Map(app.functions.map(({ name, key }) => [name, key]))
  const rows = app.apis.flatMap((api) =>
    api.routes.map((route) => [
      addressOf(app, api, route),
      keys.get(route.functionName) ?? route.functionName,
      api.front === 'httpapi' && api.payload === '1.0' ? 'HTTP API 1.0' : FRONTS[api.front],
      route.throttle === undefined ? '' : `${route.throttle.rate}/s, burst ${route.throttle.burst}`,
    ]),
  )
  const widths = [0, 1, 2].map((column) =>
    Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd(),
  )
}

/** What to send to a route, without the stage of a REST API. */
function addressOf({ apis }: App, api: HttpApi, { method, path }: HttpRoute): string {
  // A Function URL that is alone has everything.
  const base = api.front === 'function-url' && apis.length === 1 ? '' : (api.basePath ?? '')
  if (path === '$default') return base === '' ? '$default' : base
  return `${method} ${base}${path}`
}

function urlLine({ api, aws, admin }: Spillway['urls']): string {
  const shown = [
    api === undefined ? [] : [`API ${colors.cyan(api)}`],
    aws === undefined ? [] : [`AWS endpoint ${colors.cyan(aws)}`],
    admin === undefined ? [] : [`Admin ${colors.cyan(admin)}`],
  ]
  return shown.flat().join('   ')
}
