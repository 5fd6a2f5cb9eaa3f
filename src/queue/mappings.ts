import type { QueueSource } from '../model/background.ts'

/** An event source mapping as the Lambda API tells of it. */
export interface MappingFacts {
  readonly uuid: string
  readonly source: QueueSource
  /** Of its last change. Milliseconds since 1970. */
  readonly modifiedMs: number
  readonly tags: Readonly<Record<string, string>>
  /** Batches that run. */
  readonly running: number
}

/** What a mapping is made of. */
export type NewMapping = Omit<QueueSource, 'name' | 'place'>

/** Who can see, make and change event source mappings while they work. */
export interface MappingsControl {
  all(): readonly MappingFacts[]
  get(uuid: string): MappingFacts | undefined
  create(mapping: NewMapping, tags?: Readonly<Record<string, string>>): MappingFacts
  /** Undefined where there is none. What a manifest says holds again once its file is reloaded. */
  update(uuid: string, changes: Partial<NewMapping>): MappingFacts | undefined
  delete(uuid: string): MappingFacts | undefined
}
