/** A message as the model sees it. */
interface Kept {
  readonly body: string
  readonly sent: number
  readonly group: string | undefined
  state: 'ready' | 'delayed' | 'in flight'
  rank: number
  dueMs: number
  count: number
  handle: string
  ours: boolean
}

export interface ModelQueue {
  readonly fifo: boolean
  readonly delayMs: number
  readonly visibilityMs: number
  readonly maxReceiveCount?: number
  readonly target?: string
}

export interface Sending {
  readonly body: string
  readonly group?: string
  readonly dedup?: string
  readonly delayMs?: number
}

const FIVE_MINUTES_MS = 300_000

/**
 * What the engine does, without tables: lists that are sorted and filtered anew for every question.
 * Retention and waiting are not in it.
 */
export class QueueModel {
  readonly #queues = new Map<
    string,
    {
      readonly is: ModelQueue
      messages: Kept[]
      front: number
      tail: number
      known: Map<string, number>
    }
  >()
  readonly #nowMs: () => number
  #sent = 0

  constructor(queues: Readonly<Record<string, ModelQueue>>, nowMs: () => number) {
    this.#nowMs = nowMs
    for (const [name, is] of Object.entries(queues)) {
      this.#queues.set(name, { is, messages: [], front: 0, tail: 0, known: new Map() })
    }
  }

  send(name: string, { body, group, dedup, delayMs }: Sending): void {
    const queue = this.#of(name)
    const nowMs = this.#nowMs()
    if (queue.is.fifo) {
      if ((queue.known.get(dedup ?? '') ?? 0) > nowMs) return
      queue.known.set(dedup ?? '', nowMs + FIVE_MINUTES_MS)
    }
    const waitMs = queue.is.fifo ? queue.is.delayMs : (delayMs ?? queue.is.delayMs)
    const sent = ++this.#sent
    queue.messages.push({
      body,
      sent,
      group,
      state: waitMs > 0 ? 'delayed' : 'ready',
      rank: this.#rank(name, sent, group),
      dueMs: nowMs + waitMs,
      count: 0,
      handle: '',
      ours: false,
    })
  }

  /** The bodies that are received, in order; their handles are told afterwards. */
  receive(name: string, max: number, visibilityMs: number | undefined, ours: boolean): string[] {
    this.#showDue()
    const queue = this.#of(name)
    const taken: Kept[] = []
    let group: string | undefined
    for (;;) {
      const [next] = this.#receivable(name, taken, group)
      group = next?.group
      if (next === undefined || taken.length === max) break
      if (queue.is.maxReceiveCount !== undefined && next.count >= queue.is.maxReceiveCount) {
        this.#move(name, queue.is.target ?? '', next)
        continue
      }
      taken.push(next)
      next.state = 'in flight'
      next.count++
      next.ours = ours
      next.dueMs = this.#nowMs() + (visibilityMs ?? queue.is.visibilityMs)
      queue.front = Math.max(queue.front, next.rank)
    }
    return taken.map(({ body }) => body)
  }

  /** Says under which handle a message was received. */
  received(name: string, body: string, handle: string): number {
    const found = this.#of(name).messages.find((each) => each.body === body)
    if (found === undefined) throw new Error(`${body} is not in ${name}`)
    found.handle = handle
    return found.count
  }

  delete(name: string, handle: string): void {
    this.#showDue()
    const queue = this.#of(name)
    const found = queue.messages.find((each) => each.handle === handle)
    if (found === undefined || (queue.is.fifo && found.state !== 'in flight')) return
    queue.messages = queue.messages.filter((each) => each !== found)
  }

  change(name: string, handle: string, timeoutMs: number): boolean {
    this.#showDue()
    const found = this.#inFlight(name, handle)
    if (found === undefined) return false
    found.dueMs = this.#nowMs() + timeoutMs
    this.#showDue()
    return true
  }

  putBack(name: string, handle: string): void {
    this.#showDue()
    const found = this.#inFlight(name, handle)
    if (found === undefined) return
    found.state = 'ready'
    found.count--
  }

  purge(name: string): void {
    const queue = this.#of(name)
    Object.assign(queue, { messages: [], front: 0, tail: 0, known: new Map() })
  }

  /** What the process held is free. */
  restart(): void {
    for (const queue of this.#queues.values()) {
      const ranks = queue.messages.filter((each) => each.state === 'ready').map(({ rank }) => rank)
      queue.front = ranks.length === 0 ? 0 : Math.min(...ranks) - 1
      queue.tail = ranks.length === 0 ? queue.front : Math.max(...ranks)
      for (const each of queue.messages) {
        if (each.state === 'in flight' && each.ours) each.dueMs = 0
      }
    }
  }

  counts(name: string): { visible: number; inFlight: number; delayed: number } {
    this.#showDue()
    const { messages } = this.#of(name)
    const of = (state: Kept['state']): number =>
      messages.filter((each) => each.state === state).length
    return { visible: of('ready'), inFlight: of('in flight'), delayed: of('delayed') }
  }

  #showDue(): void {
    for (const queue of this.#queues.values()) {
      for (const each of queue.messages) {
        if (each.state === 'ready' || each.dueMs > this.#nowMs()) continue
        if (!queue.is.fifo && each.state === 'in flight') each.rank = queue.front + 1
        each.state = 'ready'
      }
    }
  }

  /**
   * In order. Of FIFO queues: of the group that this receive has begun with, else of the oldest one
   * with nothing in flight.
   */
  #receivable(name: string, taken: readonly Kept[], begun: string | undefined): Kept[] {
    const { is, messages } = this.#of(name)
    const inOrder = messages.toSorted(byRank)
    if (!is.fifo) return inOrder.filter((each) => each.state === 'ready')
    const groups = [...Map.groupBy(inOrder, (each) => each.group)]
    const rest = (all: readonly Kept[]): Kept[] =>
      untilDelayed(all.filter((each) => !taken.includes(each)))
    const own = groups.filter(([group]) => group === begun).flatMap(([, all]) => rest(all))
    if (own.length > 0) return own
    const open = groups
      .filter(([, all]) => all.every((each) => each.state !== 'in flight'))
      .map(([, all]) => rest(all))
      .filter((all) => all.length > 0)
      .toSorted(([a], [b]) => byRank(a!, b!))
    return open[0] ?? []
  }

  #move(from: string, to: string, message: Kept): void {
    const source = this.#of(from)
    source.messages = source.messages.filter((each) => each !== message)
    const rank = this.#rank(to, message.sent, message.group)
    this.#of(to).messages.push({ ...message, state: 'ready', rank, count: 0, handle: '' })
  }

  #rank(name: string, sent: number, group: string | undefined): number {
    const queue = this.#of(name)
    if (queue.is.fifo) return sent
    if (group === undefined) return (queue.tail = Math.max(queue.tail, queue.front) + 1)
    const others = queue.messages.filter((each) => each.group === group).map(({ rank }) => rank)
    return Math.max(0, queue.front, ...others) + 1
  }

  #inFlight(name: string, handle: string): Kept | undefined {
    return this.#of(name).messages.find(
      (each) => each.handle === handle && each.state === 'in flight',
    )
  }

  #of(name: string) {
    const queue = this.#queues.get(name)
    if (queue === undefined) throw new Error(`no queue ${name}`)
    return queue
  }
}

function byRank(a: Kept, b: Kept): number {
  return a.rank - b.rank || a.sent - b.sent
}

function untilDelayed(messages: Kept[]): Kept[] {
  const end = messages.findIndex((each) => each.state !== 'ready')
  return end === -1 ? messages : messages.slice(0, end)
}
