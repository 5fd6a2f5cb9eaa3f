import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { SpillwayError } from '../lib/errors.ts'
import { queueArn } from '../model/arn.ts'
import type { QueueDefinition } from '../model/background.ts'
import { openEmbeddedQueues, type EmbeddedQueues } from './embedded/embedded.ts'

export interface OpenQueuesOptions {
  readonly accountId: string
  readonly region: string
  readonly mode: 'dev' | 'start'
  /** Where they are kept. Default: nothing survives this process. */
  readonly dataDir: string | undefined
  /** Default: the machine's. */
  readonly clock: Clock | undefined
  /** Something that somebody should know, in a sentence. */
  readonly onTrouble: (sentence: string) => void
  /** The queues have stopped: what the disk has is not known, and only a new start can tell. */
  readonly onBroken: (error: SpillwayError) => void
}

/** Set to 1: start although acknowledged transactions cannot be read any more. */
const ACCEPT_WAL_LOSS = 'SPILLWAY_ACCEPT_WAL_LOSS'

/**
 * The queues of this server. A second `dev` in the same folder has queues of its own, as it has ports of
 * its own: what is tried out there is nobody's work.
 * @throws {SpillwayError} SPILLWAY_DATA_DIR_TAKEN, SPILLWAY_QUEUE_BROKEN.
 */
export async function openQueues(options: OpenQueuesOptions): Promise<EmbeddedQueues> {
  const { dataDir, mode, onTrouble } = options
  if (dataDir === undefined) return await openTemporary(options)
  try {
    return await openIn(dataDir, options)
  } catch (error) {
    const isTaken = SpillwayError.is(error) && error.code === 'SPILLWAY_DATA_DIR_TAKEN'
    if (!isTaken || mode !== 'dev') throw error
    onTrouble(`${error.message}. Until then the queues of this one are forgotten when it ends`)
    return await openTemporary(options)
  }
}

async function openIn(directory: string, options: OpenQueuesOptions): Promise<EmbeddedQueues> {
  const { accountId, region, clock, onTrouble, onBroken } = options
  return await openEmbeddedQueues({
    directory,
    senderId: accountId,
    arnOf: (name) => queueArn(region, accountId, name),
    acceptWalLoss: process.env[ACCEPT_WAL_LOSS] === '1',
    ...(clock === undefined ? {} : { clock }),
    onTrouble,
    onBroken,
  })
}

/** Gone when this process ends, however it ends. */
const temporary = new Set<string>()
process.once('exit', () => temporary.forEach(remove))

function remove(directory: string): void {
  temporary.delete(directory)
  rmSync(directory, { recursive: true, force: true })
}

async function openTemporary(options: OpenQueuesOptions): Promise<EmbeddedQueues> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-queues-'))
  temporary.add(directory)
  const queues = await openIn(directory, options)
  return {
    ...queues,
    async close() {
      await queues.close()
      remove(directory)
    },
  }
}

/**
 * Has the queues exist that a manifest declares, as it declares them; their messages stay. What is as it
 * should be is left alone: its time of change says when it was changed.
 */
export async function defineQueues(
  queues: EmbeddedQueues,
  definitions: readonly QueueDefinition[],
): Promise<void> {
  // In order: what is asked of a queue is asked after it is there.
  await Promise.all(
    definitions.map(async ({ name, attributes, tags }) => {
      const known = queues.get(name)
      const isSame =
        known !== undefined &&
        sameTexts(known.attributes, attributes) &&
        sameTexts(known.tags, tags)
      if (!isSame) await queues.define(name, { attributes, tags })
    }),
  )
}

type Texts = Readonly<Record<string, string>>

function sameTexts(a: Texts, b: Texts): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
