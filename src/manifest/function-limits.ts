import type { FunctionDefinition } from '../model/app.ts'
import { RANK, type Assignment } from './assignments.ts'
import { readCapacityProvider } from './capacity-provider.ts'
import type { DeclaredFunction } from './functions.ts'
import type { Written } from './limit-words.ts'
import type { Manifest } from './manifest.ts'
import { child, ifKnown, wholeNumber } from './read.ts'
import { scalar } from './tree.ts'

/**
 * What a manifest itself says about a function's limits: `reservedConcurrency`,
 * `provisionedConcurrency`, `capacityProvider`, and resource tags, which AWS takes and ignores.
 */
export function readFunctionLimits(
  manifest: Manifest,
  { definition, node }: DeclaredFunction,
): Assignment[] {
  const { name } = definition
  const words = ['reservedConcurrency', 'provisionedConcurrency'].flatMap((field) => {
    const written = ifKnown(manifest, child(manifest, node, field), field)
    const value = wholeNumber(manifest, written, field, { min: 0 })
    return written === undefined || value === undefined
      ? []
      : [{ field, value, place: written.place }]
  })
  return [
    ...words,
    ...readCapacityProvider(manifest, node, definition),
    ...readResourceTags(manifest, definition),
  ].map((written) => ({ scope: 'function', name, rank: RANK.manifest, ...written }))
}

/** `spillway:group`, `spillway:max-concurrency`, and `spillway:tags` with commas between them. */
function readResourceTags(manifest: Manifest, { tags, place }: FunctionDefinition): Written[] {
  const { 'spillway:group': group, 'spillway:max-concurrency': max, 'spillway:tags': list } = tags
  const maxConcurrency =
    max === undefined
      ? undefined
      : wholeNumber(manifest, scalar(max, place), 'the tag spillway:max-concurrency', { min: 0 })
  const names = (list ?? '').split(',').map((each) => each.trim())
  return [
    ...(group === undefined ? [] : [{ field: 'group', value: group, place }]),
    ...(maxConcurrency === undefined
      ? []
      : [{ field: 'maxConcurrency', value: maxConcurrency, place }]),
    ...names
      .filter((each) => each !== '')
      .map((each) => ({ field: `tags.${each}`, value: each, place })),
  ]
}
