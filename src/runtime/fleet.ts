import { freemem } from 'node:os'
import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { App, FunctionDefinition } from '../model/app.ts'
import { environmentCommand, isServed, type EnvironmentCommand } from './command.ts'
import { findNode } from './interpreter.ts'
import { createMachine, type Machine } from './machine.ts'
import { createPool, type Pool, type PoolOptions } from './pool.ts'
import type { Wanted } from './pool-words.ts'
import type { PoolEvent } from './pool-words.ts'
import { createUnservedPool } from './unserved.ts'
import { createSpares } from './spares.ts'
import type { Surroundings } from './variables.ts'

export interface FleetOptions {
  readonly clock: Clock
  readonly publishSlots: (functionName: string, slots: number) => void
  readonly wanted: (functionName: string) => Wanted
  /** Whether one more environment of a function may be started now. */
  readonly mayStart: (functionName: string) => boolean
  readonly onEvent: (functionName: string, event: PoolEvent) => void
  /** Something worth telling the operator once. */
  readonly onNote: (message: string) => void
}

/** A function that can run here, and its environments. */
export interface Member {
  readonly fn: FunctionDefinition
  readonly pool: Pool
}

/** The environments of all functions. */
export interface Fleet {
  readonly machine: Machine
  get(functionName: string): Member | undefined
  members(): Iterable<Member>
  /** Has everything that comes done by new environments; what runs is let finish. */
  configure(app: App, around: Surroundings): void
  /** See `Pool.close`. */
  close(graceMs?: number): Promise<void>
  /** Asks every process to end, and ends it `graceMs` later. */
  terminate(graceMs: number): void
  /** Ends every process now. */
  kill(): void
}

/** What a Node environment takes before it has done anything, rounded up. */
const ENVIRONMENT_MB = 64
/** Never so few that functions could not call one another. */
const ENVIRONMENTS_MIN = 16

export function createFleet(options: FleetOptions): Fleet {
  const members = new Map<string, Member>()
  /** Removed ones whose last environments are not gone. */
  const closing = new Map<Pool, Promise<void>>()
  const slots = createSlotSums(options.publishSlots)
  const tell = createTeller(options.onNote)
  let surroundings: Surroundings | undefined
  const pools = (): Pool[] => [...members.values()].map(({ pool }) => pool)
  const spares = createSpares(() => machine, options.clock)
  const machine: Machine = createMachine({ environmentsMax: environmentsMax() }, () => [
    spares,
    ...pools(),
  ])

  const command = (fn: FunctionDefinition): EnvironmentCommand => {
    assert(surroundings !== undefined, 'environments start after the fleet is configured')
    return environmentCommand(fn, surroundings)
  }

  const remove = (name: string, { pool }: Member, graceMs?: number): void => {
    members.delete(name)
    closing.set(
      pool,
      pool.close(graceMs).finally(() => closing.delete(pool)),
    )
  }

  return {
    machine,
    get: (name) => members.get(name),
    members: () => members.values(),
    configure(app, around) {
      surroundings = around
      spares.keep(app.spares)
      for (const [name, member] of outdated(members, app)) remove(name, member)
      for (const fn of app.functions) {
        if (isServed(fn)) tell(fn.runtime)
        const member = members.get(fn.name)
        const pool =
          member?.pool ??
          newPool(fn, {
            ...options,
            machine,
            spares,
            command,
            publishSlots: slots.publisherOf(fn.name),
          })
        members.set(fn.name, { fn, pool })
        member?.pool.renew(fn)
      }
    },
    async close(graceMs) {
      for (const [name, member] of members) remove(name, member, graceMs)
      await Promise.all([...closing.values(), spares.close()])
    },
    terminate(graceMs) {
      for (const pool of [...pools(), ...closing.keys()]) pool.terminate(graceMs)
    },
    kill() {
      spares.kill()
      for (const pool of [...pools(), ...closing.keys()]) pool.kill()
    },
  }
}

/** Those that are no longer there, or whose pool is of the wrong kind now. */
function outdated(members: ReadonlyMap<string, Member>, app: App): [string, Member][] {
  const served = new Map(app.functions.map((fn) => [fn.name, isServed(fn)]))
  return [...members].filter(([name, { fn }]) => served.get(name) !== isServed(fn))
}

/** Says once for each runtime that another interpreter stands in for it. */
function createTeller(onNote: (message: string) => void): (runtime: string) => void {
  const told = new Set<string>()
  return (runtime) => {
    if (told.has(runtime)) return
    told.add(runtime)
    const node = findNode(runtime, process.env)
    if (node.exact) return
    onNote(`${runtime} is not installed here; its functions run on ${node.command}`)
  }
}

function newPool(
  fn: FunctionDefinition,
  options: Omit<FleetOptions, 'publishSlots'> &
    Pick<PoolOptions, 'machine' | 'spares' | 'command' | 'publishSlots'>,
): Pool {
  const { clock, machine, spares, command, publishSlots, wanted, mayStart, onEvent } = options
  if (!isServed(fn)) return createUnservedPool(fn, publishSlots)
  return createPool({
    fn,
    clock,
    machine,
    spares,
    command,
    publishSlots,
    wanted: () => wanted(fn.name),
    mayStart: () => mayStart(fn.name),
    onEvent: (event) => onEvent(fn.name, event),
  })
}

/**
 * A function that went away and came back has two pools for a while: the old one still holds the
 * permits of what runs in it. The gate is told the sum.
 */
function createSlotSums(publish: (functionName: string, slots: number) => void): {
  publisherOf(functionName: string): (slots: number) => void
} {
  const sums = new Map<string, number>()
  return {
    publisherOf(name) {
      let own = 0
      return (slots) => {
        const sum = (sums.get(name) ?? 0) + slots - own
        own = slots
        sums.set(name, sum)
        publish(name, sum)
      }
    },
  }
}

/** As many as the memory that is free now would hold. */
function environmentsMax(): number {
  const limit = process.constrainedMemory()
  const freeBytes = limit > 0 && limit < freemem() ? limit : freemem()
  return Math.max(ENVIRONMENTS_MIN, Math.floor(freeBytes / (ENVIRONMENT_MB * 1024 * 1024)))
}
