import type { RequestValidation } from '../model/front-rules.ts'
import { parseIdentitySource } from '../model/identity-source.ts'
import { compileSchema } from '../model/json-schema.ts'
import type { Manifest } from './manifest.ts'
import { child, expected, flag, settings } from './read.ts'
import type { FunctionEvent } from './route.ts'
import type { Node } from './tree.ts'

/**
 * `request` of an `http` event: parameters that must be there, and models of bodies (serverless.com,
 * "Request parameters", "Request Schema Validators"); undefined where it asks for neither.
 */
export function readValidation({ manifest, value }: FunctionEvent): RequestValidation | undefined {
  const request = child(manifest, value, 'request')
  if (request === undefined) return undefined
  const required = readRequired(manifest, child(manifest, request, 'parameters'))
  const models = child(manifest, request, 'schemas') ?? child(manifest, request, 'schema')
  const schemas: Record<string, unknown> = {}
  for (const { key, value: model } of settings(manifest, models, 'request.schemas')) {
    schemas[key.toLowerCase()] = readModel(manifest, model)
  }
  const isNothing = required.length === 0 && Object.keys(schemas).length === 0
  return isNothing ? undefined : { required, schemas }
}

/** Path parameters are there whenever the route fits. */
function readRequired(manifest: Manifest, parameters: Node | undefined): string[] {
  return settings(manifest, parameters, 'request.parameters').flatMap((location) => {
    const { key, value } = location
    if (!['querystrings', 'headers', 'paths'].includes(key)) {
      const rule = 'request.parameters to name querystrings, headers or paths'
      manifest.report.error(location.place, `expected ${rule}, got: "${key}"`)
      return []
    }
    return settings(manifest, value, `request.parameters.${key}`).flatMap((parameter) => {
      const text = `method.request.${key.slice(0, -1)}.${parameter.key}`
      const isAsked = isRequired(manifest, parameter.value, parameter.key)
      return isAsked && parseIdentitySource(text, 'rest') !== undefined ? [text] : []
    })
  })
}

/** True, false, or a map whose `required` is true by default. */
function isRequired(manifest: Manifest, node: Node, name: string): boolean {
  if (node.kind !== 'map') return flag(manifest, node, name) ?? false
  return flag(manifest, child(manifest, node, 'required'), name) ?? true
}

/** A model: a schema, `{schema, name, description}`, or the name of one of the provider's. */
function readModel(manifest: Manifest, node: Node): unknown {
  const name = node.kind === 'scalar' ? String(node.value) : undefined
  const all = child(manifest, manifest.root, 'provider', 'apiGateway', 'request', 'schemas')
  const named = name === undefined ? node : (child(manifest, all, name) ?? written(name, node))
  if (named === undefined) {
    return expected(
      manifest,
      node,
      'a JSON Schema, or the name of one of provider.apiGateway.request.schemas',
    )
  }
  if (!('kind' in named)) return checked(manifest, named.json, node)
  const schema = child(manifest, named, 'schema') ?? named
  return checked(manifest, toJson(manifest, schema), schema)
}

/** A schema as one text of JSON. */
function written(text: string, node: Node): { readonly json: unknown } | undefined {
  if (node.kind !== 'scalar' || !text.trim().startsWith('{')) return undefined
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function checked(manifest: Manifest, schema: unknown, node: Node): unknown {
  const compiled = compileSchema(schema)
  if ('problem' in compiled) {
    const where = compiled.pointer === '' ? '' : ` at ${compiled.pointer}`
    const message = `a model of a request cannot be checked${where}: ${compiled.problem}`
    manifest.report.error(node.place, message)
  }
  return schema
}

function toJson(manifest: Manifest, node: Node): unknown {
  const known = manifest.resolve(node)
  switch (known.kind) {
    case 'scalar':
      return known.value
    case 'list':
      return known.items.map((item) => toJson(manifest, item))
    case 'map':
      return Object.fromEntries(
        [...known.entries].map(([key, { value }]) => [key, toJson(manifest, value)]),
      )
    case 'unknown':
      return expected(manifest, known, 'a model of a request to be known here')
  }
}
