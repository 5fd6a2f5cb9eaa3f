import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { virtualClock } from '../../src/lib/clock.ts'
import type { Schedule } from '../../src/model/background.ts'
import { createCauses } from '../../src/sources/causes.ts'
import { parseExpression, ScheduleError } from '../../src/sources/schedule/expression.ts'
import { nextFiring } from '../../src/sources/schedule/next-firing.ts'
import { zoneOf } from '../../src/sources/schedule/zone.ts'
import { appOf } from './app.ts'
import { NotBuilt, type Case, type Json } from './cases.ts'
import { LEAVES_EVENT } from './left-event.ts'
import { match } from './match.mjs'
import type { Rig } from './rig.ts'

/** The cases fire each minute. */
const MINUTE_MS = 60_000

type Kind = Schedule['kind']

/**
 * Kind `schedule`: which expressions are valid, when they fire next, and what a function receives then.
 * Time is not waited for: a firing comes from a clock of our own, and runs a real function.
 */
export async function playSchedule(rig: Rig, { input, expected }: Case): Promise<string[]> {
  const { valid, error, next, event, ...rest } = expected
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new NotBuilt(`expected ${unknown}`)
  const kind: Kind = input.dialect === 'scheduler' ? 'scheduler' : 'rule'
  const problems: string[] = []
  if (valid !== undefined) {
    const found = input.expressions.map((text: string) => refusalOf(text, kind) === undefined)
    problems.push(...match(valid, found, {}, '/valid'))
  }
  if (error !== undefined) {
    problems.push(...match(error, refusalOf(input.expressions[0], kind), {}, '/error'))
  }
  if (next !== undefined) problems.push(...match(next, firingsOf(input, kind), {}, '/next'))
  if (event !== undefined) {
    problems.push(...match(event, await firedEvent(rig, input.rule), {}, '/event'))
  }
  return problems
}

function refusalOf(text: string, kind: Kind): { code: string; message: string } | undefined {
  try {
    parseExpression(text, kind)
    return undefined
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error
    return { code: error.code, message: error.message }
  }
}

function firingsOf({ expression, after, count, timeZone = 'UTC' }: Json, kind: Kind): string[] {
  const zone = zoneOf(timeZone)
  if (zone === undefined) throw new Error(`${timeZone} is no time zone`)
  const timing = { expression: parseExpression(expression, kind), zone, sinceMs: Date.parse(after) }
  const firings: string[] = []
  let ms = timing.sinceMs
  while (firings.length < count) {
    const found = nextFiring(timing, ms)
    if (found === undefined) break
    ms = found
    firings.push(new Date(ms).toISOString().replace('.000Z', 'Z'))
  }
  return firings
}

async function firedEvent(rig: Rig, { expression, name, input, ...rest }: Json): Promise<Json> {
  const [unbuilt] = Object.keys(rest)
  if (unbuilt !== undefined) throw new NotBuilt(`rule ${unbuilt}`)
  const functionName = 'scheduled'
  const taskRoot = rig.folder(functionName, { 'index.js': LEAVES_EVENT })
  const file = join(taskRoot, 'event.json')
  rmSync(file, { force: true })
  const app = appOf([{ name: functionName, taskRoot }])
  rig.spillway.reload(app)
  const schedule: Schedule = {
    name,
    functionName,
    expression,
    kind: 'rule',
    timeZone: 'UTC',
    enabled: true,
    ...(input === undefined ? {} : { input: JSON.stringify(input) }),
    place: { file: 'case', line: 1, column: 1 },
  }
  const runs: Promise<unknown>[] = []
  const clock = virtualClock(Date.now())
  const causes = createCauses({
    clock,
    fire: async (fired, json) => void runs.push(rig.spillway.invoke(fired, json)),
    onTrouble: (sentence) => runs.push(Promise.reject(new Error(sentence))),
  })
  causes.configure({ ...app, background: { ...NOTHING, schedules: [schedule] } })
  clock.advance(MINUTE_MS)
  causes.stop()
  await Promise.all(runs)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

const NOTHING = {
  queues: [],
  queueSources: [],
  rules: [],
  subscriptions: [],
  bucketNotifications: [],
  asyncConfigs: {},
}
