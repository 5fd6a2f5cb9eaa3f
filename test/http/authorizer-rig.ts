import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Invocation, Outcome } from '../../src/invoke/invocation.ts'
import type { HttpApi } from '../../src/model/app.ts'
import type { LambdaAuthorizer } from '../../src/model/authorizer.ts'
import { okOutcome } from '../aws/serve.ts'
import { apiOf, serveApi, type Answer, type ServedApi } from './serve.ts'

/** What an authorizer answers: a policy about everything, or about a resource. */
export const policy = (effect: string, resource: unknown = '*') => ({
  principalId: 'u1',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }],
  },
})

/** A TOKEN authorizer, asked at `auth`. */
export const AUTHORIZER: LambdaAuthorizer = {
  kind: 'lambda',
  name: 'auth',
  functionName: 'auth',
  form: 'token',
  payload: '1.0',
  simpleResponses: false,
  identitySources: ['method.request.header.Authorization'],
  ttlMs: 300_000,
}

/** An API that asks `auth` first. */
export interface Asked {
  readonly api: ServedApi
  /** The events that the authorizer got. */
  readonly events: Record<string, unknown>[]
  /** What the function behind it got to see of it. */
  readonly behind: Invocation[]
  readonly troubles: string[]
}

/** What `auth` answers, or how it ends. */
export type Reply = Outcome | Promise<Outcome> | Record<string, unknown> | string | null

/** Serves a REST API, or others, whose authorizer replies as the test says. */
export async function serve(
  t: TestContext,
  reply: (event: Record<string, unknown>) => Reply,
  given: {
    apis?: readonly HttpApi[]
    authorizer?: Partial<LambdaAuthorizer>
    routes?: string[]
  } = {},
): Promise<Asked> {
  const { routes = ['GET /me', 'GET /you'], authorizer } = given
  const events: Record<string, unknown>[] = []
  const behind: Invocation[] = []
  const troubles: string[] = []
  const own = apiOf('rest', routes, { route: { authorizer: { ...AUTHORIZER, ...authorizer } } })
  const api = await serveApi(t, {
    apis: given.apis ?? [own],
    options: { onTrouble: (sentence) => troubles.push(sentence) },
    invoke: async (invocation) => {
      if (invocation.functionName !== 'auth') {
        behind.push(invocation)
        return HELLO
      }
      assert.equal(invocation.source, 'http')
      assert.ok(invocation.payload.kind === 'json')
      const event = JSON.parse(Buffer.from(invocation.payload.json).toString())
      events.push(event)
      const answer = await reply(event)
      if (answer !== null && typeof answer === 'object' && 'status' in answer)
        return answer as Outcome
      return okOutcome(JSON.stringify(answer))
    },
  })
  return { api, events, behind, troubles }
}

const HELLO: Outcome = {
  status: 'ok',
  result: { kind: 'http', response: { status: 200, rawHeaders: [], body: 'hello' } },
  handlerStarted: true,
  attempts: 1,
  waitedMs: 0,
}

/** An error that the function threw. */
export const thrown = (errorMessage: string): Outcome => ({
  status: 'function_error',
  error: { errorType: 'Error', errorMessage, json: Buffer.from('{}') },
  handlerStarted: true,
  attempts: 1,
  waitedMs: 0,
})

export const send = async (api: ServedApi, path: string, token?: string): Promise<Answer> =>
  await api.send(path, token === undefined ? {} : { headers: { authorization: token } })

/** What the function got to see of the first request. */
export const seen = ({ behind }: Asked): unknown => {
  const [invocation] = behind
  assert.ok(invocation?.payload.kind === 'http')
  return invocation.payload.request.caller?.authorizer
}
