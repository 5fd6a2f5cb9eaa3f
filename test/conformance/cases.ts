import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expand } from './match.mjs'

/** One compatibility case, as README.md describes it. `input` and `expected` differ by kind. */
export interface Case {
  readonly id: string
  readonly topic: string
  readonly kind: string
  readonly confidence: 'high' | 'medium'
  readonly input: Json
  readonly expected: Json
  readonly note?: string
}

/** Cases are data from a file; each kind knows the shape of its own. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any

/**
 * The cases of a folder, or of its `cases/`; of the given topics only, where some are given.
 * @throws {Error} when the folder has no cases, or none of a topic that was asked for.
 */
export function loadCases(dir: string, topics: readonly string[] = []): Case[] {
  const folder = existsSync(join(dir, 'cases')) ? join(dir, 'cases') : dir
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name): Case[] => readCases(join(folder, name)))
  if (all.length === 0) throw new Error(`${folder} has no cases (*.json)`)
  const known = new Set(all.map(({ topic }) => topic))
  for (const topic of topics) {
    if (!known.has(topic))
      throw new Error(`no case has the topic ${topic}; there are: ${[...known].join(' ')}`)
  }
  return topics.length === 0 ? all : all.filter(({ topic }) => topics.includes(topic))
}

function readCases(file: string): Case[] {
  const cases: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (!Array.isArray(cases)) throw new Error(`${file} is not a JSON array of cases`)
  return cases.map((one) => ({ ...one, input: expand(one.input) }))
}

/** A part of the product that a case needs and that does not exist. Counts as a failure. */
export class NotBuilt extends Error {
  override readonly name = 'NotBuilt'

  constructor(what: string) {
    super(`not built yet: ${what}`)
  }
}

/** Fills `${name}` in every string of a value; unknown names stay as they are. */
export function fill(value: Json, vars: Readonly<Record<string, string>>): Json {
  if (typeof value === 'string')
    return value.replace(/\$\{([^}]+)\}/g, (all, name) => vars[name] ?? all)
  if (Array.isArray(value)) return value.map((item) => fill(item, vars))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, vars)]))
}
