import { appendFileSync } from 'node:fs'

/**
 * Faults on purpose, for tests: `SPILLWAY_FAIL=after_mark:kill@0.01,idle:stop@0.02` ends one
 * environment in a hundred after it has marked a start, and freezes one in fifty that is idle.
 * `SPILLWAY_FAIL_SEED` makes a run repeatable; with `SPILLWAY_FAIL_LOG` each fault is a line
 * `phase action pid` in that file. Refused unless `SPILLWAY_TEST=1` or `NODE_ENV=test` is set too
 * (`check-failpoints.ts`).
 *
 * Kills at random times hardly ever fall into the microseconds that matter; these do.
 */
export type Phase =
  /** Server: an environment is about to be started. */
  | 'spawn'
  /** Server: it was started just now. */
  | 'init'
  /** Server: it has nothing to do. */
  | 'idle'
  /** Server: an invocation was written to it. */
  | 'frame_written'
  /** Environment: it has read an invocation, and made the event. */
  | 'decoded'
  /** Environment: the start is marked, the handler not called. */
  | 'after_mark'
  /** Environment: the handler has been called and has not answered. */
  | 'running'
  /** Environment: half of the answer is written. */
  | 'result_half'

export type Action = 'kill' | 'stop' | 'exit' | 'error'

/** What can be done at each place. */
const ACTIONS: Readonly<Record<Phase, readonly Action[]>> = {
  spawn: ['error'],
  init: ['kill', 'stop'],
  idle: ['kill', 'stop'],
  frame_written: ['kill', 'stop'],
  decoded: ['kill', 'stop', 'exit'],
  after_mark: ['kill', 'stop', 'exit'],
  running: ['kill', 'stop', 'exit'],
  result_half: ['kill', 'exit'],
}

export interface Failpoint {
  readonly phase: Phase
  readonly action: Action
  readonly probability: number
}

/** Whether any is set: looked at before all else, so that without them they cost nothing. */
export let armed: boolean = false

let failpoints: readonly Failpoint[] = []
let random: () => number = Math.random
let seed: number | undefined
let children = 0
let logFile: string | undefined

armFrom(process.env)

/**
 * Sets them for this process and the environments it starts from now on; an empty text takes them
 * away. @throws {Error} for what cannot be read.
 */
export function armFailpoints(
  text: string,
  env: { readonly [name: string]: string | undefined } = {},
): void {
  failpoints = parseFailpoints(text)
  armed = failpoints.length > 0
  const given = env['SPILLWAY_FAIL_SEED']
  seed = given === undefined ? undefined : Number(given)
  random = seed === undefined ? Math.random : mulberry32(seed)
  logFile = env['SPILLWAY_FAIL_LOG']
}

/** Sets what the variables of this process say, if it is under test; a spare has them late. */
export function armFrom(env: NodeJS.ProcessEnv): void {
  const text = env['SPILLWAY_FAIL']
  if (text === undefined || !isTest(env)) return
  try {
    armFailpoints(text, env)
  } catch {
    // `checkFailpoints` says so when the server starts.
  }
}

/** Whether this is a test, which alone may have them. */
export function isTest(env: NodeJS.ProcessEnv): boolean {
  return env['NODE_ENV'] === 'test' || env['SPILLWAY_TEST'] === '1'
}

/** @throws {Error} with a sentence, for what cannot be read. */
export function parseFailpoints(text: string): Failpoint[] {
  return text
    .split(',')
    .filter((each) => each.trim() !== '')
    .map((each) => parseFailpoint(each.trim()))
}

function parseFailpoint(text: string): Failpoint {
  const [, phase = '', action = '', share] = /^(\w+):(\w+)(?:@([\d.]+))?$/.exec(text) ?? []
  const probability = Number(share ?? 1)
  const possible: readonly string[] = Object.hasOwn(ACTIONS, phase) ? ACTIONS[phase as Phase] : []
  if (!possible.includes(action) || !(probability >= 0 && probability <= 1)) {
    const places = Object.entries(ACTIONS).map(([name, can]) => `${name}:${can.join('|')}`)
    throw new Error(
      `SPILLWAY_FAIL: ${text} is not phase:action@probability, with one of ${places.join(', ')}`,
    )
  }
  return { phase: phase as Phase, action: action as Action, probability }
}

/** For an environment that is started now: the same, with a seed of its own. */
export function failpointVariables(): Record<string, string> {
  if (!armed) return {}
  const text = failpoints.map((each) => `${each.phase}:${each.action}@${each.probability}`)
  return {
    SPILLWAY_TEST: '1',
    SPILLWAY_FAIL: text.join(','),
    ...(seed === undefined ? {} : { SPILLWAY_FAIL_SEED: String(seed + ++children) }),
    ...(logFile === undefined ? {} : { SPILLWAY_FAIL_LOG: logFile }),
  }
}

/**
 * Perhaps fails here: the process `pid` is ended or frozen; `error` throws, as the system would.
 * `before` is done first, but only where something is about to happen.
 */
export function failAt(phase: Phase, pid: number | undefined, before?: () => void): void {
  for (const each of failpoints) {
    if (each.phase !== phase || random() >= each.probability) continue
    before?.()
    act(each, pid)
    return
  }
}

function act({ phase, action }: Failpoint, pid: number | undefined): void {
  if (logFile !== undefined) appendFileSync(logFile, `${phase} ${action} ${pid ?? 0}\n`)
  if (action === 'error') throw Object.assign(new Error(`${phase} EAGAIN`), { code: 'EAGAIN' })
  if (action === 'exit') process.exit(70)
  if (pid === undefined) return
  try {
    process.kill(pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP')
  } catch {
    // Gone already.
  }
}

/** A small generator that can be seeded (Tommy Ettinger's, public domain). */
function mulberry32(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
