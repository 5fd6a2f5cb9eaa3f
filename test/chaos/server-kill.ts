import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { stateOf } from '../support/environments.ts'
import { makeFolder } from '../support/service.ts'
import { until } from '../support/until.ts'
import { percentile } from './figures.ts'
import { startKillable, type Killable } from './killable-server.ts'
// Here nothing of it runs: but what a control plants into it is planted here, too, and so told.
import '../../src/spillway.ts'
import { failuresOf, sizeOf, type Sizes, type Verdict } from './storm.ts'

/** Loads that come at once: events, a standard queue, and a FIFO queue with groups. */
const GROUPS = 4
/** From the kill until no environment of its is left. */
const ORPHAN_MS = 1000

const FILES = {
  'serverless.yml': `
service: kill
provider: { name: aws, runtime: nodejs24.x, timeout: 20, environment: { FOLDER: '\${env:FOLDER}' } }
functions:
  event: { handler: h.event }
  queue:
    handler: h.queue
    events: [{ sqs: { arn: !GetAtt Plain.Arn, batchSize: 5 } }]
  fifo:
    handler: h.queue
    events: [{ sqs: { arn: !GetAtt Fifo.Arn, batchSize: 5 } }]
resources:
  Resources:
    Plain: { Type: AWS::SQS::Queue, Properties: { QueueName: plain, VisibilityTimeout: 30 } }
    Fifo:
      Type: AWS::SQS::Queue
      Properties: { QueueName: kill.fifo, FifoQueue: true, ContentBasedDeduplication: true }
`,
  'h.js': `
const { appendFileSync } = require('node:fs')
const done = (id) => appendFileSync(process.env.FOLDER + '/effects', id + '\\n')
const nap = (ms) => new Promise((resolve) => setTimeout(resolve, Math.random() * ms))
// Long enough for some to be under way whenever the server dies.
exports.event = async ({ id }) => { await nap(200); done(id) }
exports.queue = async ({ Records }) => { for (const { body } of Records) { await nap(20); done(body) } }
`,
  effects: '',
}

/**
 * The server is killed again and again while events and messages come. Whatever it has said yes to
 * must have its effect in the end, in the order of its group, and no process may outlive it.
 */
export async function storm(sizes: Sizes): Promise<Verdict> {
  const cycles = sizeOf(sizes, 'cycles')
  const folder = makeFolder(FILES)
  const accepted = new Set<string>()
  const startsMs: number[] = []
  let orphans = 0
  let next = 0
  for (let cycle = 0; cycle < cycles; cycle++) {
    const server = await startKillable(folder)
    startsMs.push(server.startMs)
    const load = drive(server, () => next++, accepted)
    // Whatever it is at then: a busy machine needs longer for as much.
    const enough = accepted.size + Math.ceil(Math.random() * sizeOf(sizes, 'acceptedMost'))
    await until('enough to be accepted', () => accepted.size >= enough)
    await after(Math.random() * 20)
    const pids = server.environments()
    server.kill()
    await load
    await until('the end of the server', () => !server.isUp())
    await after(ORPHAN_MS)
    orphans += pids.filter((pid) => ![undefined, 'Z'].includes(stateOf(pid))).length
  }
  const last = await startKillable(folder)
  startsMs.push(last.startMs)
  const effects = await settled(folder, accepted, sizeOf(sizes, 'patienceMs'))
  await last.stop()
  return judge({ effects, accepted, orphans, startsMs, cycles })
}

/** Sends until the server is gone, and remembers what it said yes to. */
async function drive(server: Killable, number: () => number, accepted: Set<string>): Promise<void> {
  const untilGone = async (send: () => Promise<string>): Promise<void> => {
    try {
      for (;;) accepted.add(await send())
    } catch {
      // It is gone; what had no answer may have been taken or not.
    }
  }
  const event = async (): Promise<string> => {
    const id = `event-${number()}`
    await server.invokeEvent('kill-dev-event', { id })
    return id
  }
  const message = async (): Promise<string> => {
    const id = `plain-${number()}`
    await server.send('plain', { MessageBody: id })
    return id
  }
  const inGroup = (group: number) => async (): Promise<string> => {
    const id = `group${group}-${number()}`
    await server.send('kill.fifo', { MessageBody: id, MessageGroupId: `group${group}` })
    return id
  }
  await Promise.all([
    ...Array.from({ length: 4 }, () => untilGone(event)),
    ...Array.from({ length: 4 }, () => untilGone(message)),
    ...Array.from({ length: GROUPS }, (_, group) => untilGone(inGroup(group))),
  ])
}

/** The effects, once all that was accepted has one, or it takes too long. */
async function settled(
  folder: string,
  accepted: ReadonlySet<string>,
  patienceMs: number,
): Promise<string[]> {
  const giveUpMs = performance.now() + patienceMs
  for (;;) {
    const effects = readFileSync(join(folder, 'effects'), 'utf8').split('\n').filter(Boolean)
    const seen = new Set(effects)
    const missing = [...accepted].some((id) => !seen.has(id))
    if (!missing || performance.now() > giveUpMs) return effects
    await after(100)
  }
}

interface Seen {
  readonly effects: readonly string[]
  readonly accepted: ReadonlySet<string>
  readonly orphans: number
  readonly startsMs: readonly number[]
  readonly cycles: number
}

function judge({ effects, accepted, orphans, startsMs, cycles }: Seen): Verdict {
  const firsts = [...new Set(effects)]
  const seen = new Set(firsts)
  const lost = [...accepted].filter((id) => !seen.has(id))
  const disorder = Array.from({ length: GROUPS }, (_, group) =>
    disorderIn(firsts, `group${group}-`),
  )
  const broken = disorder.reduce((sum, count) => sum + count, 0)
  return {
    facts: {
      cycles,
      accepted: accepted.size,
      effects: effects.length,
      'run more than once': effects.length - firsts.length,
      'ready again after, ms (median)': percentile(startsMs, 50).toFixed(0),
      'ready again after, ms (most)': Math.max(...startsMs).toFixed(0),
    },
    failures: failuresOf({
      lost: [lost.length > 0, `${lost.length} of ${accepted.size}, ${lost.slice(0, 3).join(' ')}`],
      order: [broken > 0, `${broken} messages came before one that was sent earlier`],
      orphans: [orphans > 0, `${orphans} environments outlived their server`],
      nothing: [accepted.size < cycles, `only ${accepted.size} were accepted`],
    }),
  }
}

/** How many of a group ran for the first time after one that was sent later. */
function disorderIn(firsts: readonly string[], prefix: string): number {
  const numbers = firsts.filter((id) => id.startsWith(prefix)).map((id) => Number(id.split('-')[1]))
  return numbers.filter((number, i) => i > 0 && number < (numbers[i - 1] ?? 0)).length
}
