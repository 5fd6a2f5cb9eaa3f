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

/** Whether the invocation of this span, or one of those that wait for it, holds a slot of the limit. */
export function callersHold(
  held: List<HeldPermit>,
  limit: LimitNode | LimitTag,
  span: string,
): boolean {
  let caller: string | undefined = span
  while (caller !== undefined) {
    const permit = permitOf(held, caller)
    if (permit === undefined) return false
    if (isWithin(permit.leaf, limit)) return true
    caller = permit.ask.caller
  }
  return false
}

function permitOf(held: List<HeldPermit>, span: string): HeldPermit | undefined {
  for (const permit of held) if (permit.ask.span === span) return permit
  return undefined
}

function isWithin(leaf: LimitNode, limit: LimitNode | LimitTag): boolean {
  if (limit.scope === 'tag') return leaf.tags.includes(limit)
  for (let at: LimitNode | undefined = leaf; at !== undefined; at = at.parent) {
    if (at === limit) return true
  }
  return false
}
