import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createSpillway, type LogLine, type Spillway } from '../../src/index.ts'
import { createLog } from '../../src/lib/log.ts'
import { jumpClock, type JumpClock } from '../support/jump-clock.ts'
import { appOf } from './app.ts'

const LONGEST_LOG_DELAY_MS = 5000

/** A running Spillway on which cases are played one after the other. */
export interface Rig {
  readonly spillway: Spillway
  readonly tape: Tape
  /** Of what waits in queues; it can be set forward. */
  readonly clock: JumpClock
  /** Writes files below a folder of its own and returns that folder, absolute. */
  folder(name: string, files: Readonly<Record<string, string>>): string
  close(): Promise<void>
}

/** Starts a Spillway on free ports, with nothing to run yet. */
export async function openRig(): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'conformance-'))
  // Functions may run under a user of their own, who must be able to get in.
  chmodSync(dir, 0o755)
  const tape = new Tape()
  const clock = jumpClock()
  const spillway = await createSpillway({
    app: appOf([]),
    mode: 'dev',
    listen: { api: {}, aws: {} },
    queueClock: clock,
    log: createLog('error'),
    onLog: (line) => tape.add(line),
  })
  return {
    spillway,
    tape,
    clock,
    folder: (name, files) => writeFolder(join(dir, name), files),
    async close() {
      await spillway.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function writeFolder(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, 0o777) // Handlers leave their mark here.
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The function logs of a rig, as they came. */
export class Tape {
  readonly #lines = new Map<string, string[]>()
  readonly #listeners = new Set<() => void>()

  add({ functionName, text }: LogLine): void {
    this.of(functionName).push(text)
    for (const listener of this.#listeners) listener()
  }

  /** The lines of a function so far; the very list that grows. */
  of(functionName: string): string[] {
    const lines = this.#lines.get(functionName) ?? []
    this.#lines.set(functionName, lines)
    return lines
  }

  /** Resolves once the function has `count` REPORT lines, or when it takes too long: the case then fails by what is missing. */
  async reports(functionName: string, count: number): Promise<void> {
    const complete = (): boolean =>
      this.of(functionName).filter((line) => line.startsWith('REPORT ')).length >= count
    if (complete()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const listener = (): void => {
      if (complete()) resolve()
    }
    const timer = setTimeout(() => resolve(), LONGEST_LOG_DELAY_MS)
    this.#listeners.add(listener)
    await promise
    clearTimeout(timer)
    this.#listeners.delete(listener)
  }
}
