import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  DeleteAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetEventSourceMappingCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
  LambdaServiceException,
  ListAliasesCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda'
import type { Call } from './aws-api-kind.ts'
import type { Json } from './cases.ts'
import type { WireResponse } from './wire.ts'

/** What the parts of a call come to in the SDK's words: names of path and query, and the body. */
type ToCommand = (parts: { query: Json; body: Json }) => { readonly input: object }

const FN = '/functions/{FunctionName}'
/** By method and path, the API's date aside: which command sends it. */
const COMMANDS: Readonly<Record<string, ToCommand>> = {
  [`GET ${FN}`]: (parts) => new GetFunctionCommand(toInput(parts)),
  [`GET ${FN}/configuration`]: (parts) => new GetFunctionConfigurationCommand(toInput(parts)),
  [`GET ${FN}/concurrency`]: (parts) => new GetFunctionConcurrencyCommand(toInput(parts)),
  [`PUT ${FN}/concurrency`]: (parts) => new PutFunctionConcurrencyCommand(toInput(parts)),
  [`DELETE ${FN}/concurrency`]: (parts) => new DeleteFunctionConcurrencyCommand(toInput(parts)),
  [`GET ${FN}/provisioned-concurrency`]: (parts) =>
    new GetProvisionedConcurrencyConfigCommand(toInput(parts)),
  [`PUT ${FN}/provisioned-concurrency`]: (parts) =>
    new PutProvisionedConcurrencyConfigCommand(toInput(parts)),
  [`DELETE ${FN}/provisioned-concurrency`]: (parts) =>
    new DeleteProvisionedConcurrencyConfigCommand(toInput(parts)),
  [`POST ${FN}/versions`]: (parts) => new PublishVersionCommand(toInput(parts)),
  [`GET ${FN}/versions`]: (parts) => new ListVersionsByFunctionCommand(toInput(parts)),
  [`POST ${FN}/aliases`]: (parts) => new CreateAliasCommand(toInput(parts)),
  [`GET ${FN}/aliases`]: (parts) => new ListAliasesCommand(toInput(parts)),
  [`GET ${FN}/aliases/{Name}`]: (parts) => new GetAliasCommand(toInput(parts)),
  [`PUT ${FN}/aliases/{Name}`]: (parts) => new UpdateAliasCommand(toInput(parts)),
  [`DELETE ${FN}/aliases/{Name}`]: (parts) => new DeleteAliasCommand(toInput(parts)),
  [`POST ${FN}/invocations`]: ({ query, body }) =>
    new InvokeCommand({
      ...query,
      ...(body === undefined ? {} : { Payload: JSON.stringify(body) }),
    }),
  'POST /event-source-mappings': (parts) => new CreateEventSourceMappingCommand(toInput(parts)),
  'GET /event-source-mappings/{UUID}': (parts) => new GetEventSourceMappingCommand(toInput(parts)),
  [`PUT ${FN}/event-invoke-config`]: (parts) =>
    new PutFunctionEventInvokeConfigCommand(toInput(parts)),
  [`POST ${FN}/event-invoke-config`]: (parts) =>
    new UpdateFunctionEventInvokeConfigCommand(toInput(parts)),
  'GET /account-settings': () => new GetAccountSettingsCommand({}),
}

function toInput({ query, body }: { query: Json; body: Json }): Json {
  return { ...body, ...query }
}

const ROUTES = Object.entries(COMMANDS).map(([route, toCommand]) => {
  const [method = '', path = ''] = route.split(' ')
  const pattern = path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')
  return { method, pattern: new RegExp(`^/\\d{4}-\\d\\d-\\d\\d${pattern}/?$`), toCommand }
})

/** The command that sends a call; undefined where the SDK has none for it. */
export function commandOf({ method, target, headers, body }: Call): { input: object } | undefined {
  const { pathname, searchParams } = new URL(target, 'http://lambda')
  if (body?.$raw !== undefined || Object.keys(headers).length > 0) return undefined
  const query = Object.fromEntries(searchParams)
  for (const { toCommand, ...route } of ROUTES) {
    const match = route.method === method ? route.pattern.exec(pathname) : null
    if (match === null) continue
    const names = Object.entries(match.groups ?? {}).map(([key, name]): [string, string] => [
      key,
      decodeURIComponent(name),
    ])
    return toCommand({ query: { ...query, ...Object.fromEntries(names) }, body })
  }
  return undefined
}

/** AWS's SDK, as a sender of commands. */
export interface Sdk {
  /**
   * What the SDK's user sees, in the form of an answer: the status of `$metadata`, and as JSON the
   * output's members, or the error's own. The headers are those of the wire; the error's type is
   * what the SDK calls it.
   */
  send(method: string, command: { readonly input: object }): Promise<WireResponse>
  close(): void
}

export function openSdk(endpoint: string): Sdk {
  const client = new LambdaClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  })
  let headers: Record<string, string> = {}
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      headers = (result.response as { headers: Record<string, string> }).headers
      return result
    },
    { step: 'deserialize', priority: 'low' },
  )
  const answerOf = (
    method: string,
    status: number,
    text: string,
    errorType = {},
  ): WireResponse => ({
    method,
    status,
    headers: Object.entries({ ...headers, ...errorType }),
    body: Buffer.from(text),
  })
  return {
    async send(method, command) {
      try {
        const { $metadata, ...output }: Json = await client.send(command as never)
        const text: string =
          output.Payload?.transformToString() ?? JSON.stringify(withSeconds(output))
        return answerOf(method, $metadata.httpStatusCode, text)
      } catch (error) {
        if (!(error instanceof LambdaServiceException)) throw error
        const { name, message, $metadata, $fault: _, $response: __, ...members }: Json = error
        // Of a member named `Message` the SDK makes `message` too, and shows that alone.
        const text = JSON.stringify({ ...members, message, Message: message })
        return answerOf(method, $metadata.httpStatusCode, text, { 'x-amzn-errortype': name })
      }
    },
    close: () => client.destroy(),
  }
}

/** The SDK makes dates of the seconds that came over the wire. */
function withSeconds(output: Json): Json {
  const entries = Object.entries(output).map(([name, value]) => [
    name,
    value instanceof Date ? value.getTime() / 1000 : value,
  ])
  return Object.fromEntries(entries)
}
