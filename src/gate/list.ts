/** Something that stands in at most one list at a time. The list alone writes these. */
export interface Linked<T extends Linked<T>> {
  list: List<T> | undefined
  previous: T | undefined
  next: T | undefined
}

/**
 * A doubly-linked list through its own members: adding and removing are O(1) and leave nothing
 * behind. A Set would do the same, but every entry that comes and goes grows a chain of dead tables
 * that keeps the requests they named alive until a full collection: measured, 36 ms pauses against 4
 * (`bench/README.md`). For the same reason a member that leaves keeps no link.
 */
export class List<T extends Linked<T>> {
  first: T | undefined
  last: T | undefined
  size = 0

  /** Adds at the end. */
  push(member: T): void {
    member.list = this
    member.previous = this.last
    if (this.last === undefined) this.first = member
    else this.last.next = member
    this.last = member
    this.size++
  }

  /** False when it stands in no list, or in another. */
  remove(member: T): boolean {
    if (member.list !== this) return false
    if (member.previous === undefined) this.first = member.next
    else member.previous.next = member.next
    if (member.next === undefined) this.last = member.previous
    else member.next.previous = member.previous
    member.list = member.previous = member.next = undefined
    this.size--
    return true
  }

  /** In order; the member at hand may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.first; at !== undefined;) {
      const next: T | undefined = at.next
      yield at
      at = next
    }
  }
}
