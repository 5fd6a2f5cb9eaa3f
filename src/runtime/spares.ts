import type { Clock } from '../lib/clock.ts'
import type { EnvironmentCommand } from './command.ts'
import type { Machine, MachineUser } from './machine.ts'
import { startProcess, type EnvironmentProcess, type Exit } from './process.ts'

/** An interpreter that is started and waits to be told whose it is. */
export interface Spare {
  readonly process: EnvironmentProcess
  /** From now on somebody else hears of its end. */
  adopt(onGone: (exit: Exit) => void): void
}

/**
 * Interpreters kept started ahead, so that a cold start costs the load of a module and not that of
 * an interpreter. One is started once a function of its kind has been: an application that nobody
 * calls starts nothing.
 */
export interface Spares extends MachineUser {
  /** Keeps this many of each kind in use. */
  keep(count: number): void
  /** The longest started one that could run this; the caller has a place on the machine for it. */
  take(command: EnvironmentCommand): Spare | undefined
  /** Functions of this kind are called: the next one shall find a spare. */
  want(command: EnvironmentCommand): void
  /** Ends them all, and starts none any more. */
  close(): Promise<void>
  kill(): void
}

/** A start of many kinds at once would be many interpreters that nobody may ever need. */
const KINDS_MAX = 4
/** To start a process holds the server up for some milliseconds: not those of the call that took the last one. */
const REPLACE_AFTER_MS = 20

/** Read when an interpreter starts, so that a spare must have had the same. */
const READ_AT_START = /^(PATH|LANG|TZ|HOME|(LC|LD|NODE|PYTHON|UV|SSL|OPENSSL|MALLOC|GLIBC)_?.*)$/

interface Waiting extends Spare {
  readonly kind: string
  readonly sinceMs: number
}

export function createSpares(machine: () => Machine, clock: Clock): Spares {
  return new Interpreters(machine, clock)
}

class Interpreters implements Spares {
  readonly #machine: () => Machine
  readonly #clock: Clock
  /** Most recently used last. */
  readonly #kinds = new Map<string, EnvironmentCommand>()
  readonly #waiting: Waiting[] = []
  readonly #alive = new Set<EnvironmentProcess>()
  #count = 0
  #replacing: Disposable | undefined
  #closed: (() => void) | undefined

  constructor(machine: () => Machine, clock: Clock) {
    this.#machine = machine
    this.#clock = clock
  }

  keep(count: number): void {
    this.#count = count
    if (count === 0) this.kill()
  }

  take(command: EnvironmentCommand): Spare | undefined {
    const kind = kindOf(command)
    const at = this.#waiting.findIndex((each) => each.kind === kind)
    if (at === -1) return undefined
    const [spare] = this.#waiting.splice(at, 1)
    this.#machine().release()
    return spare
  }

  want(command: EnvironmentCommand): void {
    if (command.channel === 'runtime-api' || this.#count === 0 || this.#closed !== undefined) return
    const kind = kindOf(command)
    this.#kinds.delete(kind)
    this.#kinds.set(kind, command)
    for (const oldest of this.#kinds.keys()) {
      if (this.#kinds.size <= KINDS_MAX) break
      this.#kinds.delete(oldest)
    }
    this.#replacing ??= this.#clock.after(REPLACE_AFTER_MS, () => {
      this.#replacing = undefined
      this.reconsider()
    })
  }

  reconsider(): void {
    for (const [kind, command] of this.#kinds) {
      const have = this.#waiting.filter((each) => each.kind === kind).length
      if (have >= this.#count) continue
      if (!this.#machine().claimStart(this, 'ahead')) return
      this.#machine().endStart()
      this.#start(kind, command)
    }
  }

  keptWarm(): number {
    return 0
  }

  oldestIdleMs(): number | undefined {
    return this.#waiting[0]?.sinceMs
  }

  evictOldestIdle(): void {
    const oldest = this.#waiting.shift()
    if (oldest === undefined) return
    // Until it is called for again, or its place would be taken by the next spare at once.
    this.#kinds.delete(oldest.kind)
    oldest.process.kill()
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closed = resolve
    this.#replacing?.[Symbol.dispose]()
    this.#kinds.clear()
    this.kill()
    if (this.#alive.size === 0) resolve()
    await promise
  }

  kill(): void {
    for (const { process } of this.#waiting) process.kill()
  }

  #start(kind: string, command: EnvironmentCommand): void {
    let spare: Waiting | undefined
    let onGone: (exit: Exit) => void = () => {
      this.#drop(spare)
      this.#machine().release()
    }
    try {
      const process = startProcess({ ...command, env: envOfSpare(command), cwd: '/' }, (exit) => {
        this.#alive.delete(process)
        onGone(exit)
        if (this.#alive.size === 0) this.#closed?.()
      })
      this.#alive.add(process)
      const adopt = (heir: (exit: Exit) => void): void => {
        onGone = heir
        this.#alive.delete(process)
      }
      spare = { kind, sinceMs: this.#clock.nowMs(), process, adopt }
      this.#waiting.push(spare)
    } catch {
      // The next real start fails as well, and says why.
      this.#kinds.delete(kind)
      this.#machine().release()
    }
  }

  #drop(spare: Waiting | undefined): void {
    const at = spare === undefined ? -1 : this.#waiting.indexOf(spare)
    if (at === -1) return
    this.#waiting.splice(at, 1)
    // What died by itself would do so again.
    if (spare !== undefined) this.#kinds.delete(spare.kind)
  }
}

/** Spares that are started alike can run the same functions. Variables come in the order they are set in. */
function kindOf(command: EnvironmentCommand): string {
  const { env: _, cwd: __, ...how } = command
  return JSON.stringify([how, Object.entries(readAtStart(command)).flat()])
}

function readAtStart({ env }: EnvironmentCommand): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => READ_AT_START.test(name)))
}

function envOfSpare(command: EnvironmentCommand): Record<string, string> {
  return { ...readAtStart(command), SPILLWAY_SPARE: '1' }
}
