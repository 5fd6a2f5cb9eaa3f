import { decodePath } from './escapes.ts'
import { put, type StringMap } from './maps.ts'

/** The path and the query of a request's target; the query without its `?`, empty when absent. */
export interface Target {
  readonly path: string
  readonly query: string
}

/** Splits a target. A proxy's absolute form (`http://host/x`) is taken for its path. */
export function splitTarget(target: string): Target {
  const origin = target.startsWith('/') ? target : originForm(target)
  const mark = origin.indexOf('?')
  if (mark === -1) return { path: origin, query: '' }
  return { path: origin.slice(0, mark), query: origin.slice(mark + 1) }
}

function originForm(target: string): string {
  const scheme = target.indexOf('://')
  if (scheme === -1) return `/${target}`
  const slash = target.indexOf('/', scheme + 3)
  if (slash !== -1) return target.slice(slash)
  const mark = target.indexOf('?', scheme + 3)
  return mark === -1 ? '/' : `/${target.slice(mark)}`
}

/** `//stage/x` is `/stage/x` to a REST API (recorded, docs/reference/http.md). */
export function withoutLeadingSlashes(path: string): string {
  if (path.charCodeAt(1) !== SLASH) return path
  let from = 1
  while (path.charCodeAt(from) === SLASH) from++
  return path.slice(from - 1)
}

/** Where the path ends when trailing slashes do not count: 0 for `/`. */
export function endWithoutSlashes(path: string): number {
  let end = path.length
  while (end > 0 && path.charCodeAt(end - 1) === SLASH) end--
  return end
}

/** What follows `/stage` in the path, `/` at least; undefined when the path is not under it. */
export function afterStage(path: string, stage: string): string | undefined {
  const end = stage.length + 1
  if (!path.startsWith(stage, 1) || path.charCodeAt(0) !== SLASH) return undefined
  if (path.length === end) return '/'
  return path.charCodeAt(end) === SLASH ? path.slice(end) : undefined
}

/** What follows a base path such as `/v1`; undefined where there is none, or the path is not under it. */
export function afterBasePath(path: string, basePath: string | undefined): string | undefined {
  return basePath === undefined ? undefined : afterStage(path, basePath.slice(1))
}

/** A route's path template, taken apart. */
export interface PathTemplate {
  readonly segments: readonly TemplateSegment[]
  readonly hasParameters: boolean
}

export interface TemplateSegment {
  readonly kind: 'literal' | 'parameter' | 'greedy'
  /** The literal, or the parameter's name. */
  readonly text: string
}

/** Reads `/lead/{leadId}` or `/files/{proxy+}`. */
export function parseTemplate(template: string): PathTemplate {
  const segments = template.split('/').filter(Boolean).map(parseSegment)
  return { segments, hasParameters: segments.some(({ kind }) => kind !== 'literal') }
}

function parseSegment(text: string): TemplateSegment {
  if (!text.startsWith('{') || !text.endsWith('}')) return { kind: 'literal', text }
  return text.endsWith('+}')
    ? { kind: 'greedy', text: text.slice(1, -2) }
    : { kind: 'parameter', text: text.slice(1, -1) }
}

/**
 * The parameters of a path that fits the template, empty when it has none; undefined when it does
 * not fit. REST APIs compare and give what was sent, and a trailing slash does not count; HTTP APIs
 * decode each segment first, and it does.
 */
export function matchTemplate(
  { segments }: PathTemplate,
  path: string,
  style: 'rest' | 'httpapi',
): StringMap | undefined {
  const parameters: StringMap = {}
  const end = style === 'rest' || path === '/' ? endWithoutSlashes(path) : path.length
  let at = 0
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]
    if (segment === undefined || at >= end) return undefined
    const slash = segment.kind === 'greedy' ? -1 : path.indexOf('/', at + 1)
    const next = slash === -1 || slash > end ? end : slash
    const sent = path.slice(at + 1, next)
    const value = style === 'rest' ? sent : decodePath(sent)
    if (segment.kind === 'literal') {
      if (value !== segment.text) return undefined
    } else {
      if (value === '') return undefined
      put(parameters, segment.text, value)
    }
    at = next
  }
  return at === end ? parameters : undefined
}

const SLASH = 47
