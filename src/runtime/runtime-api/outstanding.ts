import type { IncomingMessage } from 'node:http'
import type { Work } from '../work.ts'
import type { Connection } from './connection.ts'
import { readTcpTable } from './tcp-table.ts'

/** Most are answered before anyone need know that they began; the look costs more than they do. */
const LOOK_AFTER_MS = 20

/** An invocation that has been given to the runtime and is not answered. */
export class Outstanding {
  readonly work: Work
  readonly seq: number
  readonly sinceMs: number
  readonly #connection: Connection
  readonly #ownPort: number
  #isBegun: boolean
  #isLooking = false
  /** The answer that is coming in. */
  answer: IncomingMessage | undefined

  constructor(
    { work, seq }: { readonly work: Work; readonly seq: number },
    sinceMs: number,
    { connection, ownPort, isTold }: Way,
  ) {
    this.work = work
    this.seq = seq
    this.sinceMs = sinceMs
    this.#connection = connection
    this.#ownPort = ownPort
    this.#isBegun = !isTold
  }

  /** The runtime has it: it has read the event, or done what it does after that. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** It is not all out of this process. */
  get isUnflushed(): boolean {
    return !this.#isBegun && !this.#connection.isFlushed
  }

  cameOn(connection: Connection): boolean {
    return this.#connection === connection
  }

  begin(): void {
    this.#isBegun = true
  }

  /** Asks the system whether the runtime has read it; the answer comes a little later. */
  look(nowMs: number): void {
    if (this.#isBegun || this.#isLooking || nowMs - this.sinceMs < LOOK_AFTER_MS) return
    void this.#look()
  }

  async #look(): Promise<void> {
    const { socket, isFlushed } = this.#connection
    if (socket.destroyed || !isFlushed) return
    this.#isLooking = true
    const { remotePort = 0 } = socket
    const table = await readTcpTable()
    this.#isLooking = false
    // Nobody can tell, so that nothing may rest on it.
    if (table === undefined) return this.begin()
    // Where one end is gone, what becomes of it is heard on the connection.
    const [ours, theirs] = [
      table.find(this.#ownPort, remotePort),
      table.find(remotePort, this.#ownPort),
    ]
    if (ours?.unsentBytes === 0 && theirs?.unreadBytes === 0) this.begin()
  }
}

/** How it went out. */
export interface Way {
  readonly connection: Connection
  readonly ownPort: number
  /** What becomes of it can be told from how the connection ends. */
  readonly isTold: boolean
}
