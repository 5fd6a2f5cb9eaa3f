import { realClock, type Clock } from '../../lib/clock.ts'
import { writeDuration } from '../../lib/duration.ts'
import { SpillwayError } from '../../lib/errors.ts'
import type { LimitsConfig } from '../../model/limits.ts'
import { applyChanges, valueOf } from './change.ts'
import type { Gate } from '../gate.ts'
import { resolveNames, whyNot, type Keys } from './limit-owners.ts'
import { nameOfLimit } from './limit-words.ts'
import {
  checkLimits,
  type ChangeHow,
  type LimitChange,
  type LimitChanged,
  type LimitsControl,
} from './limits.ts'
import {
  idOf,
  layersOf,
  layOver,
  replace,
  standing,
  type Laid,
  type Live,
  type LiveChanges,
  type Misfit,
} from './live-changes.ts'
import {
  savedName,
  savedOn,
  withSaved,
  type SavedChanges,
  type SavedLimits,
} from './saved-changes.ts'

/** Limits that are changed while running, and survive a new configuration. */
export interface LiveLimits extends LimitsControl {
  /**
   * Takes a new configuration as the base and makes the live and the saved changes on it again; a live
   * one whose group or function is gone is forgotten. One that does not fit is told and left out.
   * @throws {SpillwayError} SPILLWAY_LIMITS where the new base does not fit; then nothing changes.
   */
  rebase(config: LimitsConfig): void
}

/** Who changed what: for the log. */
export interface LimitsAudit {
  readonly by: string
  readonly changes: readonly LimitChange[]
  /** Why it happened just now, where nobody asked for it just now. */
  readonly why?: string
  readonly forMs?: number
  readonly save?: boolean
}

export interface LiveLimitsOptions {
  readonly clock: Clock
  /** Without it no change survives a restart, and to ask for that is an error. */
  readonly saved?: SavedLimits
  /** People may name functions by these. */
  readonly keys?: Keys
  /** A change that could not be made or taken back by itself, in a sentence. */
  readonly onTrouble?: (sentence: string) => void
}

/** Limits that can be changed, over the configuration that the gate has now. */
export function createLimitsControl(
  gate: Gate,
  onChange: (audit: LimitsAudit) => void,
  options: LiveLimitsOptions = { clock: realClock },
): LiveLimits {
  return new LiveLimitsOver(gate, onChange, options)
}

class LiveLimitsOver implements LiveLimits {
  readonly #gate: Gate
  readonly #onChange: (audit: LimitsAudit) => void
  readonly #options: LiveLimitsOptions
  #base: LimitsConfig
  #live: LiveChanges = new Map()
  #saved: SavedChanges
  #alarm: Disposable | undefined

  constructor(gate: Gate, onChange: (audit: LimitsAudit) => void, options: LiveLimitsOptions) {
    this.#gate = gate
    this.#onChange = onChange
    this.#options = options
    this.#base = gate.config
    this.#saved = new Map((options.saved?.changes ?? []).map((each) => [idOf(each), each]))
    this.#startWithSaved()
  }

  current(): LimitsConfig {
    return this.#gate.config
  }

  change(asked: readonly LimitChange[], by: string, how: ChangeHow = {}): readonly LimitChanged[] {
    checkHow(how)
    const before = this.#gate.config
    const changes = resolveNames(before, asked, this.#options.keys)
    const config = applyChanges(before, changes)
    if (how.save === true) this.#save(changes, by)
    const { forMs = Infinity } = how
    const endsMs = this.#options.clock.nowMs() + forMs
    let live = this.#live
    for (const change of changes) {
      const id = idOf(change)
      const below = forMs === Infinity ? undefined : live.get(id)
      live = replace(live, [[id, { change, by, forMs, endsMs, below }]])
    }
    this.#install(config, live)
    this.#onChange({ by, changes, ...how })
    return changes.map((each) => ({ ...each, from: valueOf(before, each) }))
  }

  rebase(config: LimitsConfig): void {
    checkLimits(config)
    const { live, misfits, config: applied } = layOver(config, new Map(), this.#layersOn(config))
    this.#base = config
    this.#install(applied, live)
    for (const [id, misfit] of misfits) this.#tellMisfit(id, misfit)
  }

  /** What is to hold on a new base, first come: what holds now before what was saved and did not fit. */
  #layersOn(config: LimitsConfig): (readonly [string, Live])[] {
    const known = [...this.#live].filter(([, { change }]) => whyNot(config, change) === undefined)
    const saved = savedOn(config, this.#saved)
    return [
      ...saved.filter(([id]) => this.#live.has(id)),
      ...known.flatMap(([id, live]) => layersOf(live).map((each) => [id, each] as const)),
      ...saved.filter(([id]) => !this.#live.has(id)),
    ]
  }

  #tellMisfit(id: string, { live, why }: Misfit): void {
    const saved = this.#saved.get(id)
    if (saved !== undefined && saved.value === live?.change.value) {
      this.#tell(`${savedName(saved)} is ignored: ${why}`)
    } else if (live !== undefined) {
      this.#tell(`the change of ${nameOfLimit(live.change)}, made by ${live.by}, is gone: ${why}`)
    }
  }

  #install(config: LimitsConfig, live: LiveChanges): void {
    this.#gate.configure(config)
    this.#live = live
    this.#watch()
  }

  /** One alarm serves all: it is set to the earliest end and looked at again then. */
  #watch(): void {
    const { clock } = this.#options
    this.#alarm?.[Symbol.dispose]()
    const endsMs = Math.min(...[...this.#live.values()].map((each) => each.endsMs))
    this.#alarm = clock.after(endsMs - clock.nowMs(), () => this.#takeBack())
  }

  #takeBack(): void {
    const nowMs = this.#options.clock.nowMs()
    const over = [...this.#live.values()].filter(({ endsMs }) => endsMs <= nowMs)
    const under = over.map(({ change, below }) => [idOf(change), standing(below, nowMs)] as const)
    const misfits = this.#layOver(under)
    for (const { change, by, forMs } of over) {
      const misfit = misfits.get(idOf(change))
      if (misfit === undefined) {
        const changes = [{ ...change, value: valueOf(this.#gate.config, change) }]
        this.#onChange({ by, changes, why: `its ${writeDuration(forMs)} are over` })
        continue
      }
      const stays: Live = { change, by, forMs, endsMs: Infinity, below: undefined }
      this.#live = replace(this.#live, [[idOf(change), stays]])
      const name = nameOfLimit(change)
      this.#tell(
        `${name} stays as it is though its ${writeDuration(forMs)} are over: ${misfit.why}`,
      )
    }
    this.#watch()
  }

  #startWithSaved(): void {
    for (const each of this.#saved.values()) {
      const why = whyNot(this.#base, each)
      if (why !== undefined) this.#tell(`${savedName(each)} is ignored: ${why}`)
    }
    const misfits = this.#layOver(savedOn(this.#base, this.#saved))
    for (const [id, each] of this.#saved) {
      const misfit = misfits.get(id)
      if (misfit !== undefined) this.#tellMisfit(id, misfit)
      const live = this.#live.get(id)
      if (live === undefined) continue
      const changes = [live.change]
      this.#onChange({ by: each.by, changes, why: `saved at ${each.savedAt}` })
    }
  }

  /** @returns Those that do not fit. */
  #layOver(changes: readonly (readonly [string, Live | undefined])[]): Laid['misfits'] {
    if (changes.length === 0) return new Map()
    const { config, live, misfits } = layOver(this.#base, this.#live, changes)
    this.#install(config, live)
    return misfits
  }

  #save(changes: readonly LimitChange[], by: string): void {
    const { clock, saved } = this.#options
    if (saved === undefined) {
      const message = 'nothing is saved here: this Spillway has no data directory'
      throw new SpillwayError('SPILLWAY_LIMITS', message)
    }
    const savedAt = new Date(clock.wallMs()).toISOString()
    const next = withSaved(
      this.#saved,
      this.#base,
      changes.map((change) => ({ ...change, by, savedAt })),
    )
    saved.save([...next.values()])
    this.#saved = next
  }

  #tell(sentence: string): void {
    this.#options.onTrouble?.(sentence)
  }
}

function checkHow({ forMs, save }: ChangeHow): void {
  if (forMs === undefined) return
  if (save === true) {
    throw new SpillwayError('SPILLWAY_LIMITS', 'a change is for a time or saved, not both')
  }
  if (forMs > 0 && Number.isFinite(forMs)) return
  throw new SpillwayError('SPILLWAY_LIMITS', `expected a time above 0, got: ${forMs} ms`)
}
