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

/**
 * Tests the tests of the gate: plants one fault at a time in a copy of it and expects a test to fail.
 * `npm run mutate`; exit code 1 when a fault went unnoticed, or does not fit the source any more.
 */

interface Mutant {
  readonly name: string
  /** What goes wrong with it. */
  readonly fault: string
  /** In `src/gate`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

const MUTANTS: readonly Mutant[] = [
  {
    name: 'absorbed rule',
    fault: 'What a guarantee has claimed beforehand is asked of the ancestors a second time.',
    file: 'tree.ts',
    from: 'if (inner < at.held) grows = false',
    to: '',
  },
  {
    name: 'absorbed one too late',
    fault: 'The last slot of a guarantee is counted at the parent as well.',
    file: 'tree.ts',
    from: 'if (at.inner < at.held) grows = false\n    at.inner++',
    to: 'at.inner++\n    if (at.inner < at.held) grows = false',
  },
  {
    name: 'claimed slots for all',
    fault: 'Idle guarantees of others can be taken.',
    file: 'tree.ts',
    from: 'if (inner >= at.max) return at',
    to: '',
  },
  {
    name: 'no cap while shrinking',
    fault: 'What runs above a lowered maximum does not keep newcomers out.',
    file: 'tree.ts',
    from: 'if (at.inUse + promised >= at.max) return at',
    to: '',
  },
  {
    name: 'guarantee of a function ignored',
    fault: 'A reserved function finds its slots taken.',
    file: 'tree.ts',
    from: 'leaf.held = guaranteeOf(limits)',
    to: 'leaf.held = 0',
  },
  {
    name: 'guarantee of a group ignored',
    fault: 'A group finds its guaranteed slots taken.',
    file: 'tree.ts',
    from: 'group.held = limits.guaranteedConcurrency ?? 0',
    to: 'group.held = 0',
  },
  {
    name: 'group not discharged',
    fault: 'A released permit stays counted in its group.',
    file: 'tree.ts',
    from: 'at.inUse--',
    to: "if (at.scope !== 'group') at.inUse--",
  },
  {
    name: 'promises counted twice',
    fault: 'Every new configuration adds those who wait for an environment once more.',
    file: 'tree.ts',
    from: 'each.promised.fill(0)',
    to: '',
  },
  {
    name: 'promise of the wrong priority',
    fault: 'Whoever leaves the line takes back the promise made to an interactive invocation.',
    file: 'gate.ts',
    from: 'if (ready.remove(waiter)) promise(leaf.node, rank, -1)',
    to: 'if (ready.remove(waiter)) promise(leaf.node, 0, -1)',
  },
  {
    name: 'own priority not promised',
    fault: 'A newcomer does not count those of its own priority who wait for an environment.',
    file: 'tree.ts',
    from: 'each <= rank; each++',
    to: 'each < rank; each++',
  },
  {
    name: 'barging',
    fault: 'Whoever asks from inside a hand-over goes past those in line.',
    file: 'gate.ts',
    from: 'if (!hasElder(leaf, rank) && fits(leaf)) {',
    to: 'if (fits(leaf)) {',
  },
  {
    name: 'barging among equals',
    fault: 'Only those of a higher priority are elders.',
    file: 'line.ts',
    from: 'each <= rank && lengthOf',
    to: 'each < rank && lengthOf',
  },
  {
    name: 'double release',
    fault: 'A permit can be given back twice, and the counts drift.',
    file: 'gate.ts',
    from: 'this.#held = false',
    to: '',
  },
  {
    name: 'lost wake-up on setSlots',
    fault: 'An environment gets ready and nobody in line is told.',
    file: 'gate.ts',
    from: 'if (more) this.#letIn()',
    to: '',
  },
  {
    name: 'lost wake-up on configure',
    fault: 'A raised limit lets nobody in who waits.',
    file: 'gate.ts',
    from: 'for (const leaf of this.#crowded) this.#reassess(leaf)\n    this.#letIn()',
    to: 'for (const leaf of this.#crowded) this.#reassess(leaf)',
  },
  {
    name: 'lost wake-up on release',
    fault: 'A freed slot is handed to nobody.',
    file: 'gate.ts',
    from: 'this.#onRelease()\n',
    to: '\n',
  },
  {
    name: 'line forgotten',
    fault: 'After the first has left, the rest of a line is never looked at again.',
    file: 'gate.ts',
    from: 'if (leaf.waiting === 0) this.#crowded.delete(leaf)',
    to: 'this.#crowded.delete(leaf)',
  },
  {
    name: 'not opened on release',
    fault: 'A wait for a limit stays one when the limit opens and only an environment is missing.',
    file: 'gate.ts',
    from: 'for (const leaf of this.#crowded) this.#reassess(leaf)\n  }\n\n  #nextFitting',
    to: '}\n\n  #nextFitting',
  },
  {
    name: 'not opened on expiry',
    fault: 'Those behind someone who has expired go on waiting for a limit that has room.',
    file: 'gate.ts',
    from: 'this.#watch(earliestMs)\n    this.#letIn()',
    to: 'this.#watch(earliestMs)',
  },
  {
    name: 'expiry never',
    fault: 'Joining the line sets no alarm.',
    file: 'gate.ts',
    from: 'this.#watch(waiter.expiresMs)\n    return waiter',
    to: 'return waiter',
  },
  {
    name: 'expiry once',
    fault: 'After the first has expired no alarm is set for the next.',
    file: 'gate.ts',
    from: 'this.#watch(earliestMs)',
    to: '',
  },
  {
    name: 'expiry of the wrong one',
    fault: 'The first in line is turned away in place of the one whose time is over.',
    file: 'gate.ts',
    from: 'if (waiter.expiresMs <= nowMs) this.#turnAway(waiter)',
    to: 'if (waiter.expiresMs <= nowMs) this.#turnAway(headOf(leaf) ?? waiter)',
  },
  {
    name: 'maxWait bounds the wait for an environment',
    fault: 'With maxWait 0 a cold start never happens.',
    file: 'gate.ts',
    from: 'waiter.expiresMs = waiter.deadlineMs\n',
    to: '\n',
  },
  {
    name: 'maxWait not started on close',
    fault: 'Whoever waited for an environment when a limit closed waits until the deadline.',
    file: 'gate.ts',
    from: 'Math.min(this.#clock.nowMs() + waiter.maxWaitMs, waiter.deadlineMs)',
    to: 'waiter.deadlineMs',
  },
  {
    name: 'no alarm on close',
    fault: 'The bound that a closing limit starts is never looked at.',
    file: 'gate.ts',
    from: 'blocked.push(waiter)\n      this.#watch(waiter.expiresMs)',
    to: 'blocked.push(waiter)',
  },
  {
    name: 'younger first after a close',
    fault: 'Those whom a closing limit sends back stand behind those who came after them.',
    file: 'gate.ts',
    from: 'const younger = [...blocked]',
    to: 'const younger: Waiter[] = []',
  },
  {
    name: 'off switch ignored',
    fault: 'Invocations wait for a function that is switched off.',
    file: 'gate.ts',
    from: 'ask.maxWaitMs === 0 || blocker.max === 0',
    to: 'ask.maxWaitMs === 0',
  },
  {
    name: 'ghost of a cancelled wait',
    fault: 'Whoever gave up keeps the place in line.',
    file: 'gate.ts',
    from: "{ kind: 'cancelled', waitedMs: this.#depart(waiter) }",
    to: "{ kind: 'cancelled', waitedMs: 0 }",
  },
  {
    name: 'nobody told when a function goes',
    fault: 'Those in line for a function that went away never hear of it.',
    file: 'gate.ts',
    from: "waiter.asker.onDecision({ kind: 'gone', waitedMs: this.#depart(waiter) })",
    to: 'this.#depart(waiter)',
  },
  {
    name: 'priority ignored between functions',
    fault: 'The oldest goes first whatever its priority.',
    file: 'line.ts',
    from: 'a.rank === b.rank ? a.ticket < b.ticket : a.rank < b.rank',
    to: 'a.ticket < b.ticket',
  },
  {
    name: 'youngest first between functions',
    fault: 'Of two functions the one that waits shorter goes first.',
    file: 'line.ts',
    from: 'a.ticket < b.ticket :',
    to: 'a.ticket > b.ticket :',
  },
  {
    name: 'tail lost',
    fault: 'When the last of a line leaves, the next to come cuts off everyone before.',
    file: 'list.ts',
    from: 'this.last = member.previous\n',
    to: 'this.last = undefined\n',
  },
]

const ROOT = join(import.meta.dirname, '..', '..')
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
