import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SpillwayError } from '../lib/errors.ts'
import type { App } from '../model/app.ts'
import { queueArn } from '../model/arn.ts'
import type { QueueDefinition } from '../model/background.ts'
import { openEmbeddedQueues, QUEUE_FILE, type EmbeddedQueues } from './embedded/embedded.ts'

export interface QueueHouseOptions {
  readonly app: () => App
  readonly mode: 'dev' | 'start'
  /** Absent: `dev` has a folder that is gone when it ends, and `start` has no queues. */
  readonly dataDir: string | undefined
  readonly acceptWalLoss: boolean
  /** Something that somebody should know, in a sentence. */
  readonly onTrouble: (sentence: string) => void
  /** The queues have stopped: what the disk has is not known, and only a new start can tell. */
  readonly onBroken: (error: SpillwayError) => void
}

/** The queues of this server: opened where something needs them, and not before. */
export interface QueueHouse {
  /**
   * Opens them at the first call.
   * @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN, SPILLWAY_QUEUE_BROKEN; SPILLWAY_USAGE where there is
   *   no folder to keep them in.
   */
  open(): Promise<EmbeddedQueues>
  /** Whether there is something in them already, or to be made. */
  isNeeded(): boolean
  /** Has the queues exist that the App declares, as it declares them. */
  configure(app: App): Promise<void>
  close(): Promise<void>
}

export function createQueueHouse(options: QueueHouseOptions): QueueHouse {
  const { app, dataDir, onTrouble } = options
  let opening: Promise<Opened> | undefined
  const open = async (): Promise<EmbeddedQueues> => {
    opening ??= openHere(options)
    // A folder that was taken can be free the next time.
    opening.catch(() => (opening = undefined))
    return (await opening).queues
  }
  const declared = (): readonly QueueDefinition[] => app().background?.queues ?? []
  return {
    open: async () => {
      const isFirst = opening === undefined
      const queues = await open()
      if (isFirst) await define(queues, declared())
      return queues
    },
    isNeeded: () =>
      declared().length > 0 || (dataDir !== undefined && existsSync(join(dataDir, QUEUE_FILE))),
    async configure(next) {
      const wanted = next.background?.queues ?? []
      if (opening === undefined && wanted.length === 0) return
      await define(await open(), wanted).catch((error: unknown) => {
        onTrouble(`the queues of the manifest are not as it says: ${String(error)}`)
      })
    },
    async close() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      await opened?.close()
    },
  }
}

interface Opened {
  readonly queues: EmbeddedQueues
  close(): Promise<void>
}

async function openHere(options: QueueHouseOptions): Promise<Opened> {
  const { dataDir, mode, onTrouble } = options
  if (dataDir === undefined) {
    if (mode === 'dev') return await openTemporary(options)
    throw new SpillwayError('SPILLWAY_USAGE', 'queues need a folder to be kept in: a dataDir')
  }
  try {
    return await openIn(dataDir, options)
  } catch (error) {
    const isTaken = SpillwayError.is(error) && error.code === 'SPILLWAY_DATA_DIR_TAKEN'
    if (!isTaken || mode !== 'dev') throw error
    onTrouble(`${error.message}. This one has queues of its own, and forgets them when it ends`)
    return await openTemporary(options)
  }
}

async function openIn(directory: string, options: QueueHouseOptions): Promise<Opened> {
  const { app, acceptWalLoss, onTrouble, onBroken } = options
  const { accountId, region } = app()
  const queues = await openEmbeddedQueues({
    directory,
    senderId: accountId,
    arnOf: (name) => queueArn(region, accountId, name),
    acceptWalLoss,
    onTrouble,
    onBroken,
  })
  return { queues, close: async () => await queues.close() }
}

async function openTemporary(options: QueueHouseOptions): Promise<Opened> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-queues-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  process.once('exit', remove)
  const { queues } = await openIn(directory, options)
  return {
    queues,
    async close() {
      await queues.close()
      process.off('exit', remove)
      remove()
    },
  }
}

/** What is as it should be is left alone: its time of change says when it was changed. */
async function define(
  queues: EmbeddedQueues,
  definitions: readonly QueueDefinition[],
): Promise<void> {
  for (const { name, attributes, tags } of definitions) {
    const known = queues.get(name)
    const isSame =
      known !== undefined && sameTexts(known.attributes, attributes) && sameTexts(known.tags, tags)
    if (!isSame) await queues.define(name, { attributes, tags })
  }
}

type Texts = Readonly<Record<string, string>>

function sameTexts(a: Texts, b: Texts): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
