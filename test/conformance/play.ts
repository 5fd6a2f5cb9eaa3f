import { NotBuilt, type Case } from './cases.ts'
import { playAuthorizer } from './authorizer-kind.ts'
import { playAsync } from './async-kind.ts'
import { playAwsApi } from './aws-api-kind.ts'
import { playEsmBatch, playEsmRecord } from './esm-kinds.ts'
import { playEvent, playInvokeHttp, playResponse, playRoute } from './http-kinds.ts'
import { playFilter } from './filter-kind.ts'
import { openRig, type Rig } from './rig.ts'
import { playRuntimeApi } from './runtime-api-kind.ts'
import { playRuntime } from './runtime-kind.ts'
import { playSchedule } from './schedule-kind.ts'
import { playSourceEvent } from './source-event-kind.ts'
import { playMd5, playSqs } from './sqs-kind.ts'
import { playStream } from './stream-kind.ts'

type Play = (rig: Rig, one: Case) => Promise<string[]>

const KINDS: Readonly<Record<string, Play>> = {
  event: playEvent,
  'invoke-http': playInvokeHttp,
  response: playResponse,
  route: playRoute,
  runtime: playRuntime,
  'runtime-api': playRuntimeApi,
  stream: playStream,
  'aws-api': playAwsApi,
  authorizer: playAuthorizer,
  filter: playFilter,
  schedule: playSchedule,
  'source-event': playSourceEvent,
  sqs: playSqs,
  md5: playMd5,
  async: playAsync,
  'esm-batch': playEsmBatch,
  'esm-record': playEsmRecord,
}

/** Plays cases on a few rigs; a rig plays one at a time. */
export interface Player {
  /** The differences from what the case expects; empty when it passes. */
  play(one: Case): Promise<string[]>
  close(): Promise<void>
}

/** A player with this many rigs, each opened when it is first needed. */
export function createPlayer(rigsMax: number): Player {
  const lanes = Array.from(
    { length: rigsMax },
    (): { rig?: Promise<Rig>; tail: Promise<unknown>; length: number } => ({
      tail: Promise.resolve(),
      length: 0,
    }),
  )
  return {
    async play(one) {
      const lane = lanes.reduce((best, next) => (next.length < best.length ? next : best))
      lane.length++
      const turn = lane.tail.then(async () => await playOn((lane.rig ??= openRig()), one))
      lane.tail = turn.then(() => lane.length--)
      return await turn
    },
    async close() {
      await Promise.all(lanes.map(async ({ rig }) => await (await rig)?.close()))
    },
  }
}

async function playOn(rig: Promise<Rig>, one: Case): Promise<string[]> {
  const play = KINDS[one.kind]
  if (play === undefined) return [new NotBuilt(one.kind).message]
  try {
    return await play(await rig, one)
  } catch (error) {
    if (error instanceof NotBuilt) return [error.message]
    return [
      `could not be played: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    ]
  }
}
