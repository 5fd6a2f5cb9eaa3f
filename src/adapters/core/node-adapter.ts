import type { ServerResponse } from 'node:http'
import { NodeReply } from './node-reply.ts'
import { readNodeBody, toHttpRequest, type BodyRead, type NodeRequest } from './node-request.ts'
import type { Mount } from './routes.ts'
import type { Arrival, Wrapper } from './wrapper.ts'

/** A request with its place in the framework. */
export interface NodeArrival {
  readonly request: NodeRequest
  readonly response: ServerResponse
  readonly mount: Mount
  readonly parameters?: Readonly<Record<string, string>> | undefined
}

/** Reads the body, unless a parser has, and runs the handler. */
export function serveNode<Request extends NodeRequest>(
  wrapper: Wrapper<Request>,
  arrived: NodeArrival & { readonly request: Request },
): void {
  readNodeBody(arrived.request, wrapper.settings.bodyBytesMax, (body) => {
    const arrival = toArrival(arrived, body)
    if ('bytes' in body) wrapper.run(arrival)
    else if ('tooLarge' in body) {
      wrapper.refuse(arrival, 'too-large', new Error(`a body of ${body.tooLarge} bytes`))
    } else wrapper.refuse(arrival, 'function-error', body.error)
  })
}

function toArrival<Request extends NodeRequest>(
  { request, response, mount, parameters }: NodeArrival & { readonly request: Request },
  body: BodyRead,
): Arrival<Request> {
  return {
    from: request,
    request: toHttpRequest(request, 'bytes' in body ? body : NOTHING),
    mount,
    parameters,
    reply: new NodeReply(response),
  }
}

const NOTHING = { bytes: new Uint8Array(0), wasParsed: false }
