import { spawnSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COUNTING } from './faults/counting.ts'
import { ORDER } from './faults/order.ts'
import { WAITING } from './faults/waiting.ts'

/**
 * Tests the tests of the gate: plants one fault at a time in a copy of it and expects a test to fail.
 * `npm run mutate`; exit code 1 when a fault went unnoticed, or does not fit the source any more.
 */

export interface Mutant {
  readonly name: string
  /** What goes wrong with it. */
  readonly fault: string
  /** In `src/gate`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

const MUTANTS = [...COUNTING, ...ORDER, ...WAITING]

const ROOT = join(import.meta.dirname, '..', '..')
/** Of the histories: a fault that these do not meet is met by none of the tests that take a second. */
const GATE_RUNS = '4000'
const COPIED = ['src/gate', 'src/lib', 'src/model', 'test/gate', 'package.json']

/** Suites fail along with their tests, and are named `Gate` and the like: in one word. */
const FAILED_TEST = /^ *not ok \d+ - (\w+ .*)$/gm

/** How the tests of one file went. */
interface Run {
  readonly file: string
  /** How many there were, failed or not; NaN when they did not end. */
  readonly tests: number
  readonly failed: readonly string[]
}

interface Verdict {
  readonly foundOut: boolean
  readonly why: string
}

process.exitCode = main()

function main(): number {
  const house = mkdtempSync(join(tmpdir(), 'gate-mutants-'))
  try {
    for (const path of COPIED) cpSync(join(ROOT, path), join(house, path), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'))
    return tryAll(house)
  } finally {
    rmSync(house, { recursive: true })
  }
}

function tryAll(house: string): number {
  const sinceMs = performance.now()
  const sound = testFilesOf(house).map((file) => runTests(house, file))
  const broken = sound.find(({ tests, failed }) => !(tests > 0) || failed.length > 0)
  if (broken !== undefined) {
    say(`✖ without any fault, ${broken.file} fails: ${broken.failed.join(', ')}`)
    return 1
  }
  // Far above what the tests take, so that a busy machine is not mistaken for a hang.
  const timeoutMs = Math.ceil(5 * (performance.now() - sinceMs))
  const missed = MUTANTS.filter((mutant) => {
    const { foundOut, why } = plant(house, mutant, () => examine(house, sound, timeoutMs))
    say(`${foundOut ? '✔' : '✖'} ${mutant.name}: ${why}${foundOut ? '' : `\n    ${mutant.fault}`}`)
    return !foundOut
  })
  say(`${MUTANTS.length - missed.length} of ${MUTANTS.length} faults were found out`)
  return missed.length > 0 ? 1 : 0
}

/** The quick ones first: most faults need no more. */
function testFilesOf(house: string): string[] {
  const files = globSync('test/gate/*.test.ts', { cwd: house })
  const isSlow = (file: string): number => Number(file.endsWith('.property.test.ts'))
  return files.toSorted((a, b) => isSlow(a) - isSlow(b))
}

/** Puts the fault in, asks, and takes it out again. */
function plant(house: string, mutant: Mutant, ask: () => Verdict): Verdict {
  const path = join(house, 'src', 'gate', mutant.file)
  const source = readFileSync(path, 'utf8')
  const pieces = source.split(mutant.from)
  if (pieces.length !== 2) {
    const times = pieces.length - 1
    return {
      foundOut: false,
      why: `NO LONGER FITS: stands ${times} times in ${mutant.file}: ${mutant.from}`,
    }
  }
  writeFileSync(path, pieces.join(mutant.to))
  const verdict = ask()
  writeFileSync(path, source)
  return verdict
}

/** Runs one file after another until one fails. */
function examine(house: string, sound: readonly Run[], timeoutMs: number): Verdict {
  for (const { file, tests: expected } of sound) {
    const { tests, failed } = runTests(house, file, timeoutMs)
    if (Number.isNaN(tests)) return { foundOut: true, why: `killed, ${file} hangs` }
    // A fault that does not even load proves nothing.
    if (tests !== expected) return { foundOut: false, why: 'DOES NOT LOAD' }
    const [first] = failed
    if (first !== undefined) return { foundOut: true, why: `killed by "${first}"` }
  }
  return { foundOut: false, why: 'SURVIVED' }
}

/** In one process, so that a run that hangs can be ended. */
function runTests(house: string, file: string, timeoutMs?: number): Run {
  const flags = ['--test', '--test-isolation=none', '--test-reporter=tap']
  const { stdout, error } = spawnSync(process.execPath, [...flags, file], {
    cwd: house,
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 2 ** 28,
    env: { ...process.env, GATE_RUNS },
  })
  if (error !== undefined) return { file, tests: NaN, failed: [] }
  return {
    file,
    tests: Number(/^# tests (\d+)$/m.exec(stdout)?.[1] ?? 0),
    failed: [...stdout.matchAll(FAILED_TEST)].map(([, name = '']) => name),
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
