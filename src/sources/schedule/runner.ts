import type { Fire } from '../../bus/fire.ts'
import type { Account } from '../../bus/rules.ts'
import { toSeconds } from '../../events/scheduled.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Schedule } from '../../model/background.ts'
import { compileFiringEvent, type ToFiringEvent } from './firing-event.ts'
import { parseExpression } from './expression.ts'
import { nextFiring, type Timing } from './next-firing.ts'
import type { FiringRecord, Remembered } from './record.ts'
import { zoneOf, type Zone } from './zone.ts'

export interface RunnerOptions {
  readonly clock: Clock
  readonly fire: Fire
  readonly record: FiringRecord
  /** What an operator should know: a firing that was not, a record that cannot be written. */
  readonly onTrouble: (sentence: string) => void
}

/** A schedule that runs. */
interface Running {
  readonly schedule: Schedule
  readonly timing: Timing
  readonly toEvent: ToFiringEvent
  remembered: Remembered
  /** When it fires next; undefined where it never does. */
  dueMs: number | undefined
}

/**
 * A firing may be late by this: as precise as AWS is, and enough for a restart. What is later is not
 * made up for, as nothing is on AWS while a rule is disabled.
 */
const LATE_MAX_MS = 60_000
/** The wall clock is looked at this often: it may have been set, or the machine may have slept. */
const WAKE_MAX_MS = 30_000
const RETRY_MS = 1000
/** A record from further ahead than this was made by a wrong clock. */
const AHEAD_MAX_MS = 86_400_000

/** Fires schedules, each firing at most once: what is begun is written down first. */
export class ScheduleRunner {
  readonly #options: RunnerOptions
  #running: readonly Running[] = []
  #timer: Disposable | undefined
  #stopped = false

  constructor(options: RunnerOptions) {
    this.#options = options
  }

  /** Runs these from now on; those that are the same as before go on as they were. */
  configure(schedules: readonly Schedule[], account: Account): void {
    if (this.#stopped) return
    const nowMs = this.#options.clock.wallMs()
    this.#running = schedules
      .filter(({ enabled }) => enabled)
      .map((schedule) => this.#start(schedule, account, nowMs))
    this.#save()
    this.#wait()
  }

  /** Nothing fires any more. */
  stop(): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
  }

  #start(schedule: Schedule, account: Account, nowMs: number): Running {
    const { expression, kind, timeZone } = schedule
    const timing = `${kind} ${expression} ${timeZone}`
    const known = this.#options.record.get(keyOf(schedule))
    const remembered = known?.timing === timing ? known : { timing, sinceMs: nowMs }
    const zone = zoneOf(timeZone)
    if (zone === undefined) throw new Error(`impossible: ${timeZone} has been checked`)
    const running: Running = {
      schedule,
      timing: toTiming(schedule, zone, remembered.sinceMs),
      toEvent: compileFiringEvent(schedule, account),
      remembered,
      dueMs: undefined,
    }
    const { sinceMs, lastMs = sinceMs } = remembered
    const doneMs = lastMs > nowMs + AHEAD_MAX_MS ? nowMs : lastMs
    running.dueMs = nextOf(running, Math.max(doneMs, nowMs - LATE_MAX_MS))
    return running
  }

  #wait(): void {
    this.#timer?.[Symbol.dispose]()
    const due = this.#running.flatMap(({ dueMs }) => dueMs ?? [])
    if (due.length === 0) return
    const { clock } = this.#options
    const inMs = Math.min(...due) - clock.wallMs()
    this.#timer = clock.after(Math.min(Math.max(0, inMs), WAKE_MAX_MS), () => this.#wake())
  }

  #wake(): void {
    const nowMs = this.#options.clock.wallMs()
    const firings = this.#running.flatMap((running) => this.#dueOf(running, nowMs))
    if (firings.length > 0) {
      if (!this.#save()) {
        // Not fired: after a crash nobody would know. It is tried again while it is not too late.
        for (const { running, dueMs } of firings)
          running.dueMs = Math.min(running.dueMs ?? dueMs, dueMs)
        this.#timer = this.#options.clock.after(RETRY_MS, () => this.#wake())
        return
      }
      for (const firing of firings) this.#fire(firing)
    }
    this.#wait()
  }

  /** The firings that are due, noted as begun; what is too late is left out. */
  #dueOf(running: Running, nowMs: number): Firing[] {
    const firings: Firing[] = []
    while (running.dueMs !== undefined && running.dueMs <= nowMs) {
      const { dueMs } = running
      if (dueMs >= nowMs - LATE_MAX_MS) {
        firings.push({ running, dueMs })
        running.remembered = { ...running.remembered, lastMs: dueMs }
        running.dueMs = nextOf(running, dueMs)
      } else {
        const sentence = `its firing of ${toSeconds(dueMs)} was missed, and is not made up for`
        this.#options.onTrouble(`schedule ${running.schedule.name}: ${sentence}`)
        running.dueMs = nextOf(running, nowMs - LATE_MAX_MS - 1)
      }
    }
    return firings
  }

  #fire({ running, dueMs }: Firing): void {
    const { clock, fire, onTrouble } = this.#options
    const { schedule, toEvent } = running
    const event = toEvent(dueMs)
    const attempt = (): void => {
      fire(schedule.functionName, event, 'schedule').catch((error: unknown) => {
        const isLate = clock.wallMs() - dueMs > LATE_MAX_MS
        if (!isLate && !this.#stopped) return void clock.after(RETRY_MS, attempt)
        const why = error instanceof Error ? error.message : String(error)
        onTrouble(`schedule ${schedule.name}: its firing of ${toSeconds(dueMs)} is lost: ${why}`)
      })
    }
    attempt()
  }

  #save(): boolean {
    const { record, onTrouble } = this.#options
    const remembered = new Map(
      this.#running.map(({ schedule, remembered: each }) => [keyOf(schedule), each]),
    )
    if (remembered.size === 0) return true
    try {
      record.save(remembered)
      return true
    } catch (error) {
      onTrouble(`what has fired cannot be written down: ${(error as Error).message}`)
      return false
    }
  }
}

/** What a schedule is remembered by. */
function keyOf({ name, functionName }: Schedule): string {
  return `${name} ${functionName}`
}

interface Firing {
  readonly running: Running
  readonly dueMs: number
}

/** A rate with a start fires at its start first. */
function toTiming(
  { expression: text, kind, startMs }: Schedule,
  zone: Zone,
  sinceMs: number,
): Timing {
  const expression = parseExpression(text, kind)
  const hasOwnStart = startMs !== undefined && expression.kind === 'rate'
  return { expression, zone, sinceMs: hasOwnStart ? startMs - expression.periodMs : sinceMs }
}

/** Within the schedule's own start and end. */
function nextOf({ schedule, timing }: Running, afterMs: number): number | undefined {
  const { startMs = -Infinity, endMs = Infinity } = schedule
  const dueMs = nextFiring(timing, Math.max(afterMs, startMs - 1))
  return dueMs === undefined || dueMs > endMs ? undefined : dueMs
}
