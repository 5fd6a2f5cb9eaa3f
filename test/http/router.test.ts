import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { toEvent } from '../../src/events/index.ts'
import { toRouteContext } from '../../src/http/route-context.ts'
import { createRouter, type RouteMiss, type RouteTarget } from '../../src/http/router.ts'
import type { HttpApi } from '../../src/model/app.ts'
import type { ListenerRule } from '../../src/model/front-rules.ts'
import { request } from '../events/support.ts'
import { apiOf, ruleOf } from './serve.ts'

function api(front: HttpApi['front'], stage: string, routes: readonly string[], id = 'a'): HttpApi {
  return {
    id,
    service: 's',
    front,
    stage,
    payload: front === 'rest' ? '1.0' : '2.0',
    binaryMediaTypes: [],
    stageVariables: {},
    apiKeys: [],
    routes: routes.map((key) => {
      const [method = '', path = ''] = key === '$default' ? ['ANY', '$default'] : key.split(' ')
      const place = { file: 'f', line: 1, column: 1 }
      return { method, path, functionName: 'f', timeoutMs: 1, apiKeyRequired: false, place }
    }),
  }
}

/** `a GET /x` for a match, `rest` or `httpapi` for a miss. */
function name(found: RouteTarget | RouteMiss): string {
  if ('miss' in found) return found.miss
  const { method, path } = found.route
  return `${found.api.id} ${path === '$default' ? path : `${method} ${path}`}`
}

function find(apis: readonly HttpApi[], ask: string): string {
  const [method = '', path = ''] = ask.split(' ')
  return name(createRouter(apis).match({ method, path }))
}

describe('the router, on a REST API', () => {
  const pets = api('rest', 'v1', [
    'GET /',
    'GET /pets/list',
    'GET /pets/{id}',
    'POST /pets/{id}/toys',
    'OPTIONS /pets/{id}',
    'ANY /pets/{proxy+}',
    'ANY /{proxy+}',
  ])
  for (const [ask, found] of [
    ['GET /v1/pets/list', 'a GET /pets/list'],
    ['GET /v1/pets/list/', 'a GET /pets/list'],
    ['GET //v1//pets/list', 'a GET /pets/list'],
    ['GET /v1/pets/42', 'a GET /pets/{id}'],
    ['PUT /v1/pets/42', 'a ANY /pets/{proxy+}'],
    ['PUT /v1/pets/list', 'a ANY /pets/{proxy+}'],
    ['OPTIONS /v1/pets/list', 'a OPTIONS /pets/{id}'],
    ['GET /v1/pets/42/toys', 'a ANY /pets/{proxy+}'],
    ['POST /v1/pets/42/toys', 'a POST /pets/{id}/toys'],
    ['GET /v1/pets', 'a ANY /{proxy+}'],
    ['GET /v1/Pets/list', 'a ANY /{proxy+}'],
    ['GET /v1/p%65ts/list', 'a ANY /{proxy+}'],
    ['GET /v1', 'a GET /'],
    ['GET /v1/', 'a GET /'],
    ['POST /v1', 'rest'],
    ['PROPFIND /v1/x', 'rest'],
    ['GET /pets/7', 'a GET /pets/{id}'],
    ['GET /', 'a GET /'],
  ] as const) {
    test(`sends ${ask} to ${found}`, () => {
      assert.equal(find([pets], ask), found)
    })
  }

  test('does not take HEAD for GET', () => {
    assert.equal(find([api('rest', 'v1', ['GET /x'])], 'HEAD /v1/x'), 'rest')
  })

  test('does not take the stage for a value, and finds a route that spells it out', () => {
    const spelled = api('rest', 'v1', ['GET /v1/x', 'PUT /{a}', 'POST /{a}/{b}'])
    assert.equal(find([spelled], 'GET /v1/x'), 'a GET /v1/x')
    assert.equal(find([spelled], 'PUT /v1'), 'rest')
    assert.equal(find([spelled], 'POST /v1/x'), 'rest')
  })
})

describe('the router, on an HTTP API', () => {
  const routes = ['GET /pets/dog/1', 'GET /pets/{kind}/1', 'ANY /pets/dog/1', 'GET /pets/{proxy+}']
  const pets = api('httpapi', '$default', [...routes, 'ANY /{proxy+}'])
  for (const [ask, found] of [
    ['GET /pets/dog/1', 'a GET /pets/dog/1'],
    ['PUT /pets/dog/1', 'a ANY /pets/dog/1'],
    ['GET /pets/cat/1', 'a GET /pets/{kind}/1'],
    ['GET /pets/d%6Fg/1', 'a GET /pets/dog/1'],
    ['GET /pets/dog%2F1/1', 'a GET /pets/{kind}/1'],
    ['GET /pets/dog/1/', 'a GET /pets/{proxy+}'],
    ['GET /pets/', 'a ANY /{proxy+}'],
    ['GET /', 'httpapi'],
  ] as const) {
    test(`sends ${ask} to ${found}`, () => {
      assert.equal(find([pets], ask), found)
    })
  }

  test('prefers a full match to a greedy one that begins more literally', () => {
    const mixed = api('httpapi', '$default', ['GET /a/{proxy+}', 'GET /{x}/b', '$default'])
    assert.equal(find([mixed], 'GET /a/b'), 'a GET /{x}/b')
    assert.equal(find([mixed], 'GET /'), 'a $default')
  })

  test('serves a named stage under its name alone', () => {
    const staged = api('httpapi', 'dev', ['GET /x'])
    assert.equal(find([staged], 'GET /dev/x'), 'a GET /x')
    assert.equal(find([staged], 'GET /x'), 'httpapi')
  })
})

describe('the router, on several APIs', () => {
  const rest = api('rest', 'dev', ['GET /x', 'GET /only'], 'r')
  const http = api('httpapi', '$default', ['GET /x', 'GET /dev/y'], 'h')

  for (const [ask, found] of [
    ['GET /dev/x', 'r GET /x'],
    ['GET /x', 'h GET /x'],
    ['GET /only', 'r GET /only'],
    ['GET /dev/y', 'h GET /dev/y'],
    ['GET /dev/nothing', 'rest'],
    ['GET /nothing', 'httpapi'],
  ] as const) {
    test(`sends ${ask} to ${found}`, () => {
      assert.equal(find([rest, http], ask), found)
    })
  }

  test('lets the most specific route of all win, and the first of two equal ones', () => {
    const one = api('httpapi', '$default', ['ANY /{proxy+}', 'GET /same'], 'one')
    const two = api('httpapi', '$default', ['GET /a', 'GET /same'], 'two')
    assert.equal(find([one, two], 'GET /a'), 'two GET /a')
    assert.equal(find([one, two], 'GET /same'), 'one GET /same')
  })

  test('answers in the style of REST where there is nothing else', () => {
    assert.equal(find([rest], 'GET /nothing'), 'rest')
    assert.equal(find([], 'GET /nothing'), 'rest')
  })

  test('gives the same target for every request of a route', () => {
    const router = createRouter([rest])
    assert.equal(
      router.match({ method: 'GET', path: '/dev/x' }),
      router.match({ method: 'GET', path: '/x' }),
    )
  })
})

describe('the router, where there are base paths', () => {
  const mapped = (one: HttpApi, basePath: string): HttpApi => ({ ...one, basePath })
  const rest = mapped(api('rest', 'dev', ['GET /x', 'GET /{id}/y'], 'r'), '/v1')
  const http = mapped(api('httpapi', '$default', ['GET /x', '$default'], 'h'), '/v1/h')

  for (const [ask, found] of [
    ['GET /v1/x', 'r GET /x'],
    ['GET //v1/x/', 'r GET /x'],
    ['GET /v1/7/y', 'r GET /{id}/y'],
    ['GET /v1/h/x', 'h GET /x'],
    ['GET /v1/h', 'h $default'],
    ['GET /v1/h/none', 'h $default'],
    // Each is reached without its base path as well.
    ['GET /dev/x', 'r GET /x'],
    ['GET /x', 'h GET /x'],
    ['GET /v1x/y', 'h $default'],
  ] as const) {
    test(`sends ${ask} to ${found}`, () => {
      assert.equal(find([rest, http], ask), found)
    })
  }

  test('keeps the same route of two APIs apart, and gives neither without its base path', () => {
    const one = mapped(api('httpapi', '$default', ['GET /{a}', 'GET /one/1'], 'one'), '/a')
    const two = mapped(api('httpapi', '$default', ['GET /{b}', 'GET /two/2'], 'two'), '/b')
    const asks = ['GET /a/x', 'GET /b/x', 'GET /x', 'GET /two/2']
    assert.deepEqual(
      asks.map((ask) => find([one, two], ask)),
      ['one GET /{a}', 'two GET /{b}', 'httpapi', 'two GET /two/2'],
    )
  })

  test('has the API of the base path say that it has no such route', () => {
    const alone = mapped(api('rest', 'dev', ['GET /x'], 'r'), '/v1')
    const other = api('httpapi', '$default', ['GET /x'], 'h')
    assert.equal(find([alone, other], 'GET /v1/none'), 'rest')
    assert.equal(find([alone, other], 'GET /none'), 'httpapi')
  })
})

describe('the router, with Function URLs', () => {
  const url = (id: string): HttpApi => ({
    ...api('function-url', '$default', ['$default'], id),
    basePath: `/_url/${id}`,
  })
  const http = api('httpapi', '$default', ['GET /x'], 'h')

  test('gives one that is alone everything', () => {
    for (const ask of ['GET /', 'PUT /a/b', 'GET /_url/one/x', 'GET /_url/other']) {
      assert.equal(find([url('one')], ask), 'one $default')
    }
  })

  test('gives several what is below their paths, and beside an API nothing else', () => {
    const asks = ['GET /_url/one', 'POST /_url/two/a', 'GET /_url/three', 'GET /']
    assert.deepEqual(
      asks.map((ask) => find([url('one'), url('two')], ask)),
      ['one $default', 'two $default', 'function-url', 'function-url'],
    )
    assert.deepEqual(
      [...asks, 'GET /x'].map((ask) => find([url('one'), http], ask)),
      ['one $default', 'httpapi', 'httpapi', 'httpapi', 'h GET /x'],
    )
  })

  test('leads a host name that begins with an id to that API alone', () => {
    const router = createRouter([url('one'), http, api('rest', 'dev', ['GET /x'], 'r')])
    const byHost = (host: string, path: string): string =>
      name(router.match({ method: 'GET', path, host }))
    assert.equal(byHost('one.localhost:3000', '/x'), 'one $default')
    assert.equal(byHost('ONE.lambda-url.us-east-1.on.aws', '/'), 'one $default')
    assert.equal(byHost('h.localhost', '/dev/x'), 'httpapi')
    assert.equal(byHost('r.localhost', '/x'), 'r GET /x')
    assert.equal(byHost('r.localhost', '/y'), 'rest')
    assert.equal(byHost('one', '/x'), 'h GET /x', 'a host of one label is no id')
    assert.equal(byHost('localhost:3000', '/x'), 'h GET /x')
  })

  test('gives the same target by host and by path', () => {
    const router = createRouter([url('one'), http])
    assert.equal(
      router.match({ method: 'GET', path: '/', host: 'one.localhost' }),
      router.match({ method: 'GET', path: '/_url/one' }),
    )
  })
})

describe('the router, with a load balancer', () => {
  const alb = (rule: Partial<ListenerRule>): HttpApi =>
    apiOf('alb', ['ANY /*'], { id: 'alb', route: { rule: ruleOf(rule) } })
  const http = api('httpapi', '$default', ['GET /x', '$default'], 'h')
  const rest = api('rest', 'dev', ['GET /x', 'GET /y'], 'r')

  for (const [ask, found] of [
    ['GET /dev/x', 'r GET /x'],
    ['GET /x', 'h GET /x'],
    ['PUT /x', 'alb ANY /*'],
    ['GET /y', 'h $default'],
  ] as const) {
    test(`sends ${ask} to ${found}: its rules come behind explicit routes and before $default`, () => {
      assert.equal(find([rest, http, alb({ methods: ['PUT'] })], ask), found)
    })
  }

  test('has it say that no rule holds, where there is nothing else', () => {
    assert.equal(find([alb({ paths: ['/a'] })], 'GET /b'), 'alb')
  })
})

const segment = fc.constantFrom('a', 'b', '{p}')
const template = fc
  .tuple(fc.array(segment, { maxLength: 3, size: 'max' }), fc.constantFrom('', '/{rest+}'))
  .map(([segments, rest]) => segments.map((text) => `/${text}`).join('') + rest || '/')
const routeKey = fc
  .tuple(fc.constantFrom('GET', 'POST', 'ANY'), template)
  .map(([method, path]) => `${method} ${path}`)
const routeTable = fc.uniqueArray(routeKey, { maxLength: 8, size: 'max' })
const path = fc
  .array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4, size: 'max' })
  .map((segments) => `/${segments.join('/')}`)
const method = fc.constantFrom('GET', 'POST')

function isGreedy(key: string): boolean {
  return key.endsWith('+}')
}

/** How specific each segment of a route is, left to right; undefined when it does not match. */
function rank(key: string, asked: string, askedPath: string): number[] | undefined {
  const [routeMethod = '', routePath = ''] = key.split(' ')
  const wanted = routePath.split('/').filter(Boolean)
  const given = askedPath.split('/').filter(Boolean)
  if (routeMethod !== asked && routeMethod !== 'ANY') return undefined
  const ranks: number[] = []
  for (const [i, text] of wanted.entries()) {
    if (text.endsWith('+}')) {
      return given.length > i ? [...ranks, 2, routeMethod === 'ANY' ? 1 : 0] : undefined
    }
    if (i >= given.length || (text !== '{p}' && text !== given[i])) return undefined
    ranks.push(text === '{p}' ? 1 : 0)
  }
  return wanted.length === given.length ? [...ranks, routeMethod === 'ANY' ? 1 : 0] : undefined
}

/** The best of all routes, by trying every one. */
function bruteForce(keys: readonly string[], asked: string, askedPath: string): string | undefined {
  return keys
    .flatMap((key) => {
      const ranks = rank(key, asked, askedPath)
      return ranks === undefined ? [] : [{ key, ranks }]
    })
    .sort((x, y) => compare(x.ranks, y.ranks))[0]?.key
}

function compare(x: readonly number[], y: readonly number[]): number {
  for (const [i, value] of x.entries()) {
    const difference = value - (y[i] ?? -1)
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

describe('the router, against trying every route', () => {
  test('finds the same REST route, with and without the stage', () => {
    fc.assert(
      fc.property(routeTable, method, path, (keys, asked, askedPath) => {
        const best = bruteForce(keys, asked, askedPath)
        const expected = best === undefined ? 'rest' : `a ${best}`
        const apis = [api('rest', 'v1', keys)]
        assert.equal(find(apis, `${asked} /v1${askedPath}`), expected)
        assert.equal(find(apis, `${asked} ${askedPath}`), expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('finds the same HTTP API route: full, then greedy, then $default', () => {
    fc.assert(
      fc.property(routeTable, fc.boolean(), method, path, (keys, hasDefault, asked, askedPath) => {
        const best =
          bruteForce(
            keys.filter((key) => !isGreedy(key)),
            asked,
            askedPath,
          ) ?? bruteForce(keys.filter(isGreedy), asked, askedPath)
        const expected = best === undefined ? (hasDefault ? 'a $default' : 'httpapi') : `a ${best}`
        const routes = hasDefault ? [...keys, '$default'] : keys
        assert.equal(find([api('httpapi', '$default', routes)], `${asked} ${askedPath}`), expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('agrees with the event about every path parameter', () => {
    const fronts = fc.constantFrom(['rest', 'v1'] as const, ['httpapi', '$default'] as const)
    fc.assert(
      fc.property(
        routeTable,
        fronts,
        path,
        fc.boolean(),
        (keys, [front, stage], sent, prefixed) => {
          const target = prefixed && front === 'rest' ? `/v1${sent}` : sent
          const found = createRouter([api(front, stage, keys)]).match({
            method: 'GET',
            path: target,
          })
          if ('miss' in found) return
          const event = toEvent(request({ target }), toRouteContext('1', found))
          const names = [...found.route.path.matchAll(/\{(\w+)\+?\}/g)].map(([, id]) => id)
          assert.deepEqual(
            new Set(Object.keys(('pathParameters' in event && event.pathParameters) || {})),
            new Set(names),
          )
        },
      ),
      { numRuns: 2000 },
    )
  })
})
