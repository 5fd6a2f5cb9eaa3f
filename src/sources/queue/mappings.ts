import { createHash, randomUUID } from 'node:crypto'
import type { App } from '../../model/app.ts'
import { functionArn } from '../../model/arn.ts'
import type { QueueSource } from '../../model/background.ts'
import type { LimitsConfig } from '../../model/limits.ts'
import type { MappingFacts, MappingsControl, NewMapping } from '../../queue/mappings.ts'
import { Mapping, queueNameOf, type MappingOptions } from './mapping.ts'
import { lambdaScale, noScale } from './scale.ts'

/** All event source mappings: those of the manifests, and those that the Lambda API made. */
export interface Mappings extends MappingsControl {
  /** Takes what the manifests say; what the API made stays, unless its function is gone. */
  configure(app: App): void
  /** Receives nothing more; resolves once nothing that was received waits. */
  stop(): Promise<void>
  /** Resolves when no batch runs. */
  idle(): Promise<void>
}

export interface MappingsOptions extends Omit<
  MappingOptions,
  'visibilityTimeoutMs' | 'functionArn' | 'scale'
> {
  /** Of a queue, in milliseconds. */
  readonly visibilityTimeoutMs: (queue: string) => number
  /** The limits of mappings have changed: see `withSources`. */
  readonly onLimits: () => void
}

interface Entry {
  readonly uuid: string
  readonly fromManifest: boolean
  readonly tags: Readonly<Record<string, string>>
  source: QueueSource
  modifiedMs: number
  running: Mapping | undefined
}

export function createMappings(options: MappingsOptions): Mappings {
  return new AllMappings(options)
}

class AllMappings implements Mappings {
  readonly #options: MappingsOptions
  readonly #entries = new Map<string, Entry>()
  /** Stopped, and not over yet. */
  readonly #ending = new Set<Promise<void>>()
  #app: App | undefined
  #stopped = false

  constructor(options: MappingsOptions) {
    this.#options = options
  }

  configure(app: App): void {
    const modeChanged = this.#app?.limits.mode !== app.limits.mode
    this.#app = app
    const sources = app.background?.queueSources ?? []
    const wanted = new Map(sources.map((source) => [uuidOf(source.name), source]))
    const names = new Set(app.functions.map(({ name }) => name))
    for (const entry of this.#entries.values()) {
      const { fromManifest, uuid, source } = entry
      const stays = fromManifest ? wanted.has(uuid) : names.has(source.functionName)
      if (!stays) this.#remove(entry)
      else if (modeChanged) this.#apply(entry)
    }
    for (const [uuid, source] of wanted) {
      const known = this.#entries.get(uuid)
      if (known !== undefined && isSame(known.source, source)) continue
      if (known !== undefined) this.#halt(known)
      this.#put({ uuid, source, fromManifest: true, tags: {} })
    }
  }

  all(): readonly MappingFacts[] {
    return [...this.#entries.values()].map(toFacts)
  }

  get(uuid: string): MappingFacts | undefined {
    const entry = this.#entries.get(uuid)
    return entry === undefined ? undefined : toFacts(entry)
  }

  create(mapping: NewMapping, tags: Readonly<Record<string, string>> = {}): MappingFacts {
    const name = `${mapping.functionName}/${queueNameOf(mapping.queueArn)}`
    const source = { ...mapping, name, place: { file: 'the Lambda API', line: 1, column: 1 } }
    const entry = this.#put({ uuid: randomUUID(), source, fromManifest: false, tags })
    this.#options.onLimits()
    return toFacts(entry)
  }

  update(uuid: string, changes: Partial<NewMapping>): MappingFacts | undefined {
    const entry = this.#entries.get(uuid)
    if (entry === undefined) return undefined
    entry.source = { ...entry.source, ...changes }
    entry.modifiedMs = this.#options.clock.wallMs()
    this.#options.onLimits()
    this.#apply(entry)
    return toFacts(entry)
  }

  delete(uuid: string): MappingFacts | undefined {
    const entry = this.#entries.get(uuid)
    if (entry === undefined) return undefined
    const facts = toFacts(entry)
    this.#remove(entry)
    this.#options.onLimits()
    return facts
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#running().map((each) => each.stop()))
  }

  async idle(): Promise<void> {
    await Promise.all([...this.#ending, ...this.#running().map((each) => each.idle())])
  }

  #running(): Mapping[] {
    return [...this.#entries.values()].flatMap(({ running }) => running ?? [])
  }

  #put(given: Pick<Entry, 'uuid' | 'source' | 'fromManifest' | 'tags'>): Entry {
    const modifiedMs = this.#options.clock.wallMs()
    const entry: Entry = { ...given, modifiedMs, running: undefined }
    this.#entries.set(entry.uuid, entry)
    this.#apply(entry)
    return entry
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.uuid)
    this.#halt(entry)
  }

  /** Has a mapping work as it is said to from now on. */
  #apply(entry: Entry): void {
    this.#halt(entry)
    const app = this.#app
    if (app === undefined || this.#stopped || !entry.source.enabled) return
    const { clock, visibilityTimeoutMs } = this.#options
    const queue = queueNameOf(entry.source.queueArn)
    const { functionName, qualifier, queueArn } = entry.source
    const arn = functionArn(app.region, app.accountId, functionName)
    const grows = app.limits.mode === 'aws' && !queueArn.endsWith('.fifo')
    entry.running = new Mapping(entry.source, {
      ...this.#options,
      visibilityTimeoutMs: () => visibilityTimeoutMs(queue),
      functionArn: qualifier === undefined ? arn : `${arn}:${qualifier}`,
      scale: grows ? lambdaScale(clock) : noScale,
    })
  }

  #halt(entry: Entry): void {
    const mapping = entry.running
    entry.running = undefined
    if (mapping === undefined) return
    const over = mapping.stop().then(() => mapping.idle())
    this.#ending.add(over)
    void over.finally(() => this.#ending.delete(over))
  }
}

/** The limits of an App with those of its mappings: `MaximumConcurrency`. */
export function withSources(limits: LimitsConfig, mappings: Mappings): LimitsConfig {
  const functions = { ...limits.functions }
  for (const { source } of mappings.all()) {
    const { functionName, name, maxConcurrency } = source
    const own = functions[functionName]
    if (maxConcurrency === undefined || own === undefined) continue
    functions[functionName] = { ...own, sources: { ...own.sources, [name]: { maxConcurrency } } }
  }
  return { ...limits, functions }
}

/** The same for a mapping of a manifest after each start. */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function toFacts({ uuid, source, modifiedMs, tags, running }: Entry): MappingFacts {
  return { uuid, source, modifiedMs, tags, running: running?.running ?? 0 }
}

function isSame(a: QueueSource, b: QueueSource): boolean {
  return textOf(a) === textOf(b)
}

/** Where it is written makes no difference. */
function textOf(source: QueueSource): string {
  return JSON.stringify({ ...source, place: undefined })
}
