import { freemem } from 'node:os'
import type { Clock } from '../lib/clock.ts'
import { assert } from '../lib/errors.ts'
import type { App, FunctionDefinition } from '../model/app.ts'
import {
  environmentCommand,
  interpreterNote,
  isServed,
  unservedReason,
  type EnvironmentCommand,
} from './command.ts'
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
  /** Has everything that comes done by new environments; what runs is let finish. */
  configure(app: App, around: Surroundings): void
  close(): Promise<void>
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

  const remove = (name: string, { pool }: Member): void => {
    members.delete(name)
    const closed = pool.close().finally(() => closing.delete(pool))
    closing.set(pool, closed)
  }

  return {
    machine,
    get: (name) => members.get(name),
    members: () => members.values(),
    configure(app, around) {
      surroundings = around
      spares.keep(app.spares)
      const served = new Map(app.functions.map((fn) => [fn.name, isServed(fn)]))
      for (const [name, member] of members) {
        if (served.get(name) !== isServed(member.fn)) remove(name, member)
      }
      for (const fn of app.functions) {
        if (isServed(fn)) tell(fn)
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
    async close() {
      for (const [name, member] of members) remove(name, member)
      await Promise.all([...closing.values(), spares.close()])
    },
    kill() {
      spares.kill()
      for (const pool of [...pools(), ...closing.keys()]) pool.kill()
    },
  }
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

/** As many as the memory that is free now would hold. */
function environmentsMax(): number {
  const limit = process.constrainedMemory()
  const freeBytes = limit > 0 && limit < freemem() ? limit : freemem()
  return Math.max(ENVIRONMENTS_MIN, Math.floor(freeBytes / (ENVIRONMENT_MB * 1024 * 1024)))
}
