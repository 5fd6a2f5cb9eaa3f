import { assert } from '../lib/errors.ts'
import type { Ask, Permit } from './ask.ts'
import type { Linked, List } from './list.ts'
import type { LimitNode, LimitTag } from './tree.ts'

/** A permit that is held. All of them stand in one list, the longest held first. */
export class HeldPermit implements Permit, Linked<HeldPermit> {
  readonly waitedMs: number
  readonly leaf: LimitNode
  readonly ask: Ask
  readonly sinceMs: number
  readonly #onRelease: (permit: HeldPermit) => void
  #isHeld = true
  list: List<HeldPermit> | undefined = undefined
  previous: HeldPermit | undefined = undefined
  next: HeldPermit | undefined = undefined

  constructor(
    leaf: LimitNode,
    ask: Ask,
    times: { readonly sinceMs: number; readonly waitedMs: number },
    onRelease: (permit: HeldPermit) => void,
  ) {
    this.waitedMs = times.waitedMs
    this.leaf = leaf
    this.ask = ask
    this.sinceMs = times.sinceMs
    this.#onRelease = onRelease
  }

  get functionName(): string {
    return this.ask.functionName
  }

  release(): void {
    assert(this.#isHeld, `a permit of ${this.functionName} was released twice`)
    this.#isHeld = false
    this.#onRelease(this)
  }
}

/** Whether an invocation of this lineage holds a slot of the limit. */
export function holdsSlot(
  held: List<HeldPermit>,
  limit: LimitNode | LimitTag,
  lineage: string,
): boolean {
  for (const { ask, leaf } of held) {
    if (ask.lineage === lineage && isWithin(leaf, limit)) return true
  }
  return false
}

function isWithin(leaf: LimitNode, limit: LimitNode | LimitTag): boolean {
  if (limit.scope === 'tag') return leaf.tags.includes(limit)
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    if (at === limit) return true
  }
  return false
}
