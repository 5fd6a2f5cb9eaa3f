/** What processes that were killed have said, against what is there in the end. */
export class Ledger {
  readonly #sent = new Set<string>()
  /** Asked to be deleted: may be gone, or not. */
  readonly #deleting = new Set<string>()
  readonly #gone = new Set<string>()
  /** Received, after it was said to be gone. */
  readonly #undead = new Set<string>()
  /** Of each group, what was received for the first time, in that order. */
  readonly #firsts = new Map<string, number[]>()
  readonly #got = new Set<string>()

  /** A line of a process: a word, and an id. */
  note(line: string): void {
    const [word, id = ''] = line.split(' ')
    if (word === 'sent') this.#sent.add(id)
    else if (word === 'delete') this.#deleting.add(id)
    else if (word === 'gone') this.#gone.add(id)
    else if (word === 'got') this.#receive(id)
  }

  #receive(id: string): void {
    if (this.#gone.has(id)) this.#undead.add(id)
    if (this.#got.has(id)) return
    this.#got.add(id)
    const [group = '', number = ''] = id.split('-')
    const firsts = this.#firsts.get(group) ?? []
    firsts.push(Number(number))
    this.#firsts.set(group, firsts)
  }

  get counts(): { sent: number; got: number; gone: number } {
    return { sent: this.#sent.size, got: this.#got.size, gone: this.#gone.size }
  }

  /** Acknowledged, never asked to be deleted, and not there. @param left what was drained in the end. */
  lost(left: ReadonlySet<string>): string[] {
    return [...this.#sent].filter((id) => !this.#deleting.has(id) && !left.has(id))
  }

  /** Said to be gone, and there all the same. */
  undead(left: ReadonlySet<string>): string[] {
    return [...new Set([...this.#undead, ...[...left].filter((id) => this.#gone.has(id))])]
  }

  /** How many of a FIFO group came for the first time after one that was sent later. */
  get disorder(): number {
    const groups = [...this.#firsts].filter(([group]) => group !== 'plain')
    return groups.reduce((sum, [, numbers]) => sum + disorderIn(numbers), 0)
  }
}

function disorderIn(numbers: readonly number[]): number {
  return numbers.filter((number, i) => number < (numbers[i - 1] ?? 0)).length
}
