import { PRIORITIES, type Headroom } from '../model/limits.ts'
import { surface } from './line.ts'
import { reclaim, UNLIMITED, type LimitNode } from './tree.ts'

/** What the words of a configuration come to, for one node. */
export interface Values {
  readonly max: number
  readonly guarantee: number
  readonly lend: number
  readonly weight: number
  readonly headroom: readonly number[]
}

export function valuesOf(
  given: {
    readonly maxConcurrency?: number | undefined
    readonly lend?: number | undefined
    readonly weight?: number | undefined
    readonly headroom?: Headroom | undefined
  },
  guarantee: number,
): Values {
  const { maxConcurrency = UNLIMITED, lend = 0, weight = 1, headroom } = given
  const max = Math.min(maxConcurrency, UNLIMITED)
  return { max, guarantee, lend, weight, headroom: ranked(headroom) }
}

const NO_HEADROOM: readonly number[] = [0, 0, 0]

function ranked(headroom: Headroom | undefined): readonly number[] {
  if (headroom === undefined) return NO_HEADROOM
  return PRIORITIES.map((priority) => headroom[priority] ?? 0)
}

/** Takes effect on those in line, too: what was parked is looked at again. */
export function setValues(
  node: LimitNode,
  { max, guarantee, lend, weight, headroom }: Values,
): void {
  reclaim(node, () => {
    node.max = max
    node.guarantee = guarantee
    node.held = Math.max(0, guarantee - lend)
  })
  node.weight = weight
  node.headroom = headroom
  surface(node)
}
