import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Where the manifest is, and what Spillway is started on. */
export const SERVICE_FOLDER: string = join(import.meta.dirname, '..')

export interface Route {
  readonly method: string
  /** As a client writes it: parameters are filled in. */
  readonly path: string
}

/** The functions of serverless.yml, by deployed name. */
export interface Service {
  /** With their routes. */
  readonly users: ReadonlyMap<string, readonly Route[]>
  readonly etl: readonly string[]
}

interface ServerlessYml {
  readonly service: string
  readonly functions: Readonly<
    Record<string, { readonly events?: readonly { readonly httpApi?: string }[] }>
  >
}

/** Reads the routes that users call, and the functions without one. */
export function readService(): Service {
  const text = readFileSync(join(SERVICE_FOLDER, 'serverless.yml'), 'utf8')
  const { service, functions } = parse(text) as ServerlessYml
  const all = Object.entries(functions).map(
    ([key, { events = [] }]) =>
      [
        `${service}-dev-${key}`,
        events.flatMap(({ httpApi }) => httpApi ?? []).map(toRoute),
      ] as const,
  )
  return {
    users: new Map(all.filter(([, routes]) => routes.length > 0)),
    etl: all.flatMap(([name, routes]) => (routes.length === 0 ? [name] : [])),
  }
}

function toRoute(httpApi: string): Route {
  const [method = '', path = ''] = httpApi.split(' ')
  return { method, path: path.replaceAll(/\{\w+\}/g, '7') }
}
