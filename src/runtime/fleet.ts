import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { App, FunctionDefinition } from '../model/app.ts'
import { findUnreadable } from './admission.ts'
import {
  environmentCommand,
  interpreterNote,
  isServed,
  unservedReason,
  type EnvironmentCommand,
} from './command.ts'
import { createFreeMemory } from './launch/free-memory.ts'
import { findLauncher } from './launch/launcher.ts'
import { createMachine, type Machine } from './machine.ts'
import { createPool, type Pool, type PoolOptions } from './pool.ts'
import type { PoolEvent, Wanted } from './pool-words.ts'
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
  /**
   * Whether all functions of an App could run here.
   * @throws {SpillwayError} SPILLWAY_UNREADABLE.
   */
  admit(app: App, around: Surroundings): void
  /**
   * Has everything that comes done by new environments; what runs is let finish.
   * @throws {SpillwayError} SPILLWAY_UNREADABLE; then nothing has changed.
   */
  configure(app: App, around: Surroundings): void
  /** See `Pool.close`. */
  close(graceMs?: number): Promise<void>
  /** Asks every process to end, and ends it `graceMs` later. */
  terminate(graceMs: number): void
  /** Ends every process now. */
  kill(): void
}

export function createFleet(options: FleetOptions): Fleet {
  tellMissing(options.onNote)
  const members = new Map<string, Member>()
  /** Removed ones whose last environments are not gone. */
  const closing = new Map<Pool, Promise<void>>()
  const slots = createSlotSums(options.publishSlots)
  const tell = createTeller(options.onNote)
  let surroundings: Surroundings | undefined
  const pools = (): Pool[] => [...members.values()].map(({ pool }) => pool)
  const spares = createSpares(() => machine, options.clock)
  const memoryFreeMb = createFreeMemory(() => options.clock.nowMs())
  const machine: Machine = createMachine({ memoryFreeMb }, () => [spares, ...pools()])

  const command = (fn: FunctionDefinition): EnvironmentCommand => {
    assert(surroundings !== undefined, 'environments start after the fleet is configured')
    return environmentCommand(fn, surroundings)
  }

  const open = (fn: FunctionDefinition): Pool => {
    const publishSlots = slots.publisherOf(fn.name)
    return newPool(fn, { ...options, machine, spares, command, publishSlots })
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
    admit(app, around) {
      findUnreadable(app.functions, around, () => {})
    },
    configure(app, around) {
      const keepUser = findUnreadable(app.functions, around, options.onNote)
      surroundings = { ...around, keepUser }
      spares.keep(app.spares)
      for (const [name, member] of outdated(members, app)) remove(name, member)
      for (const fn of app.functions) {
        if (isServed(fn)) tell(fn)
        const member = members.get(fn.name)
        const pool = member?.pool ?? open(fn)
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

/** Says once what another interpreter stands in for. */
function createTeller(onNote: (message: string) => void): (fn: FunctionDefinition) => void {
  const told = new Set<string>()
  return (fn) => {
    const note = interpreterNote(fn)
    if (note === undefined || told.has(note)) return
    told.add(note)
    onNote(note)
  }
}

let missingTold = false

/** What this machine cannot do about confinement: once for the process, as it is the same for all. */
function tellMissing(onNote: (message: string) => void): void {
  if (missingTold) return
  missingTold = true
  const { means, memory } = findLauncher()
  for (const sentence of means.missing) onNote(sentence)
  if (memory === 'reservations') {
    onNote('no control group can be made: memory is limited by what a process reserves, roughly')
  }
}

function newPool(
  fn: FunctionDefinition,
  options: Omit<FleetOptions, 'publishSlots'> &
    Pick<PoolOptions, 'machine' | 'spares' | 'command' | 'publishSlots'>,
): Pool {
  const { clock, machine, spares, command, publishSlots, wanted, mayStart, onEvent } = options
  const unserved = unservedReason(fn)
  if (unserved !== undefined) {
    return createUnservedPool(`${fn.name} cannot run: ${unserved}`, publishSlots)
  }
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
