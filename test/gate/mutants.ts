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
    name: 'absorbed bit',
    fault: 'What a guarantee has claimed beforehand is asked of the ancestors a second time.',
    file: 'tree.ts',
    from: '    // Absorbed by a guarantee: the ancestors have accounted for it already.\n    if (at.inner < at.held) grows = false\n',
    to: '\n',
  },
  {
    name: 'absorbed bit of those in line',
    fault: 'Who fits into a guarantee is not let in while an ancestor cannot grow.',
    file: 'order.ts',
    from: 'return above === MUST_ABSORB && at.inner >= at.held ? MUST_ABSORB : OPEN',
    to: 'return above === MUST_ABSORB ? MUST_ABSORB : OPEN',
  },
  {
    name: 'absorbed key',
    fault: 'A guarantee below is not seen from above, and its waiter is lost behind others.',
    file: 'line.ts',
    from: 'const isGuaranteed = node.inner < node.held || (next !== undefined && isAbsorbed(next))',
    to: 'const isGuaranteed = node.inner < node.held',
  },
  {
    name: 'absorbed one too late',
    fault: 'The last slot of a guarantee is counted at the parent as well.',
    file: 'tree.ts',
    from: '    if (at.inner < at.held) grows = false\n    at.inner++',
    to: '    at.inner++\n    if (at.inner < at.held) grows = false',
  },
  {
    name: 'absorbed one too late from the line',
    fault: 'The same for those who waited.',
    file: 'line.ts',
    from: '      if (at.inner < at.held) grows = false\n      at.inner++',
    to: '      at.inner++\n      if (at.inner < at.held) grows = false',
  },
  {
    name: 'release not absorbed',
    fault: 'What goes out of a guarantee is taken from the ancestors too.',
    file: 'tree.ts',
    from: '    if (at.inner < at.held) shrinks = false',
    to: '    ',
  },
  {
    name: 'claimed slots for all',
    fault: 'Idle guarantees of others can be taken.',
    file: 'tree.ts',
    from: '  return at.inner < at.max - (at.headroom[rank] ?? 0)',
    to: '  return at.inUse < at.max - (at.headroom[rank] ?? 0)',
  },
  {
    name: 'no cap while shrinking',
    fault: 'What runs above a lowered maximum does not keep newcomers out.',
    file: 'tree.ts',
    from: '    if (at.inUse >= at.max || at.inUse >= at.slots) return false',
    to: '    if (at.inUse >= at.slots) return false',
  },
  {
    name: 'headroom off by one',
    fault: 'A priority may use one of the slots that it must leave free.',
    file: 'tree.ts',
    from: '  return at.inner < at.max - (at.headroom[rank] ?? 0)',
    to: '  return at.inner <= at.max - (at.headroom[rank] ?? 0)',
  },
  {
    name: 'headroom of the wrong priority',
    fault: 'Interactive invocations must leave free what batch ones must.',
    file: 'values.ts',
    from: 'return PRIORITIES.map((priority) => headroom[priority] ?? 0)',
    to: 'return PRIORITIES.map(() => headroom.batch ?? 0)',
  },
  {
    name: 'headroom against a guarantee',
    fault: 'What is guaranteed is not to be had where headroom is kept.',
    file: 'tree.ts',
    from: '  if (at.inner < at.held) return true\n',
    to: '\n',
  },
  {
    name: 'lent slots withheld',
    fault: 'What is lent of a guarantee is kept from others all the same.',
    file: 'values.ts',
    from: 'node.held = Math.max(0, guarantee - lend)',
    to: 'node.held = guarantee',
  },
  {
    name: 'lent slots not owed',
    fault: 'Who has lent comes after who has borrowed.',
    file: 'line.ts',
    from: 'const isOwed = node.inner < node.guarantee',
    to: 'const isOwed = false',
  },
  {
    name: 'weight ignored',
    fault: 'All that wait at a limit get as much.',
    file: 'heap.ts',
    from: 'a.inUse * b.weight - b.inUse * a.weight',
    to: 'a.inUse - b.inUse',
  },
  {
    name: 'shares upside down',
    fault: 'Who holds most is let in first.',
    file: 'heap.ts',
    from: 'return share === 0 ? a.ticket < b.ticket : share < 0',
    to: 'return share === 0 ? a.ticket < b.ticket : share > 0',
  },
  {
    name: 'youngest first',
    fault: 'Of two with the same share the one that waits shorter goes first.',
    file: 'heap.ts',
    from: 'share === 0 ? a.ticket < b.ticket',
    to: 'share === 0 ? a.ticket > b.ticket',
  },
  {
    name: 'stale key',
    fault: 'A key that changed in the heap is not put right.',
    file: 'line.ts',
    from: '  updateKey(standing)\n  heap.settle(standing)\n}',
    to: '  updateKey(standing)\n}',
  },
  {
    name: 'heap loses its order',
    fault: 'Who is taken from the middle of a heap leaves it out of order.',
    file: 'heap.ts',
    from: '    this.#rise(last, place)\n    this.settle(last)',
    to: '    this.#rise(last, place)',
  },
  {
    name: 'priority ignored',
    fault: 'Whoever waits longest goes first, whatever its priority.',
    file: 'gate.ts',
    from: "return priority === 'interactive' ? 0 : priority === 'async' ? 1 : 2",
    to: 'return 2',
  },
  {
    name: 'no trickle',
    fault: 'A lower priority waits for ever.',
    file: 'order.ts',
    from: 'return overdue(order, found) ?? found',
    to: 'return found',
  },
  {
    name: 'trickle too often',
    fault: 'Every other one is of a lower priority.',
    file: 'order.ts',
    from: 'const TRICKLE = 15',
    to: 'const TRICKLE = 1',
  },
  {
    name: 'passed never forgotten',
    fault: 'After fifteen all of a lower priority go first.',
    file: 'line.ts',
    from: '        standing.passed = 0\n',
    to: '\n',
  },
  {
    name: 'tag ignored',
    fault: 'A full tag keeps nobody out.',
    file: 'tree.ts',
    from: '  for (const tag of tags) if (tag.inUse >= tag.max) return true\n',
    to: '\n',
  },
  {
    name: 'tag ignored in line',
    fault: 'A full tag does not keep those out who wait.',
    file: 'order.ts',
    from: '    if (tag.inUse < tag.max) continue',
    to: '    if (true) continue',
  },
  {
    name: 'tag not given back',
    fault: 'A released permit stays counted at its tags.',
    file: 'tree.ts',
    from: '    tag.inUse--\n    learn(tag, heldUs)',
    to: '    learn(tag, heldUs)',
  },
  {
    name: 'tag not taken from the line',
    fault: 'Who waited is not counted at its tags.',
    file: 'line.ts',
    from: '    tag.inUse++\n    tag.waiting[rank]--',
    to: '    tag.waiting[rank]--',
  },
  {
    name: 'lost wake-up at a tag',
    fault: 'A tag that has room again tells nobody.',
    file: 'gate.ts',
    from: 'for (const tag of leaf.tags) if (hasParked(tag)) this.#order.opened.add(tag)',
    to: '\n',
  },
  {
    name: 'lost wake-up at a raised tag',
    fault: 'A tag whose maximum was raised tells nobody.',
    file: 'gate.ts',
    from: '    for (const tag of this.#limits.tags.values()) this.#order.opened.add(tag)\n',
    to: '\n',
  },
  {
    name: 'lower priority before those at a tag',
    fault: 'Those parked at an open tag are asked after all others.',
    file: 'order.ts',
    from: '    } while (order.opened.size > 0 && wakeAll(order, rank))',
    to: '    } while (false)',
  },
  {
    name: 'parked for ever',
    fault: 'What was parked is not looked at again when something in it is released.',
    file: 'line.ts',
    from: '  else home.push(standing)',
    to: '  ',
  },
  {
    name: 'lost wake-up on release',
    fault: 'A freed slot is handed to nobody.',
    file: 'gate.ts',
    from: '      this.#freed.add(functionOf(leaf))\n      this.#serve()',
    to: '      this.#freed.add(functionOf(leaf))',
  },
  {
    name: 'lost wake-up on setSlots',
    fault: 'An environment gets ready and nobody in line is told.',
    file: 'gate.ts',
    from: '    surface(fn)\n    this.#freed.add(fn)\n    this.#serve()',
    to: '    surface(fn)\n    this.#freed.add(fn)',
  },
  {
    name: 'lost wake-up on configure',
    fault: 'A raised limit lets nobody in who waits.',
    file: 'gate.ts',
    from: '    this.#serve()\n    for (const fn of this.#limits.functions.values()) this.#startBounds(fn, true)',
    to: '    for (const fn of this.#limits.functions.values()) this.#startBounds(fn, true)',
  },
  {
    name: 'claims not told above',
    fault: 'A changed guarantee is known to its owner alone.',
    file: 'tree.ts',
    from: '  reclaim(parent, () => void (parent.inner += more))',
    to: '  ',
  },
  {
    name: 'claims stay behind',
    fault: 'A function that changes its group leaves its claim in the old one.',
    file: 'line.ts',
    from: '    at.inner += claim\n',
    to: '\n',
  },
  {
    name: 'barging',
    fault: 'Whoever asks from inside a hand-over goes past those in line.',
    file: 'gate.ts',
    from: 'if (!this.#isServing && fits(leaf, rank)) {',
    to: 'if (fits(leaf, rank)) {',
  },
  {
    name: 'double release',
    fault: 'A permit can be given back twice, and the counts drift.',
    file: 'held.ts',
    from: '    this.#isHeld = false\n',
    to: '\n',
  },
  {
    name: 'environment ignored',
    fault: 'More run than the environments can take.',
    file: 'tree.ts',
    from: 'if (at.inUse >= at.max || at.inUse >= at.slots) return false',
    to: 'if (at.inUse >= at.max) return false',
  },
  {
    name: 'environment not wanted',
    fault: 'Nobody starts an environment for who lacks nothing else.',
    file: 'gate.ts',
    from: '    else if (blocker === undefined) this.#onEnvironmentWanted(fn.name)\n',
    to: '\n',
  },
  {
    name: 'environment not wanted after a limit opened',
    fault: 'The same for who waited for a limit before.',
    file: 'order.ts',
    from: '      if (inUse >= slots && inUse < max) order.onNoSlot(child.node)\n',
    to: '\n',
  },
  {
    name: 'promises not counted',
    fault: 'A newcomer does not count those who wait for an environment.',
    file: 'tree.ts',
    from: 'const promised = counting ? promisedUpTo(at, rank) : 0',
    to: 'const promised = 0',
  },
  {
    name: 'promises of all priorities counted',
    fault: 'A newcomer counts those who come after it.',
    file: 'tree.ts',
    from: 'for (let each = 0; each <= rank; each++) sum += line[each]?.promised ?? 0',
    to: 'for (let each = 0; each <= 2; each++) sum += line[each]?.promised ?? 0',
  },
  {
    name: 'promise kept by who left',
    fault: 'Who gave up is still counted as being in before a newcomer.',
    file: 'gate.ts',
    from: '    const { leaf, rank } = waiter\n    setPromised(waiter, false)\n',
    to: '    const { leaf, rank } = waiter\n',
  },
  {
    name: 'maxWait bounds the wait for an environment',
    fault: 'With maxWait 0 a cold start never happens.',
    file: 'gate.ts',
    from: 'const boundMs = waiter.promised ? Infinity : this.#nowMs + waiter.maxWaitMs',
    to: 'const boundMs = this.#nowMs + waiter.maxWaitMs',
  },
  {
    name: 'maxWait not started',
    fault: 'Who has an environment and meets a limit waits until its deadline.',
    file: 'gate.ts',
    from: '        if (waiter.maxWaitMs === 0) this.#expire(waiter)\n        else this.#watch(waiter)',
    to: '        waiter.expiresMs = waiter.ask.deadlineMs\n        this.#expiries.watch(waiter)',
  },
  {
    name: 'expiry never',
    fault: 'Joining the line sets no alarm.',
    file: 'expiry.ts',
    from: '    this.#push({ atMs: waiter.expiresMs, waiter })\n    this.#setAlarm()',
    to: '    this.#push({ atMs: waiter.expiresMs, waiter })',
  },
  {
    name: 'expiry once',
    fault: 'After the first has expired no alarm is set for the next.',
    file: 'expiry.ts',
    from: '    this.#setAlarm()\n    this.#onDone()',
    to: '    this.#onDone()',
  },
  {
    name: 'expiry of who has left',
    fault: 'Who has left is turned away when its time comes.',
    file: 'expiry.ts',
    from: 'return waiter.list !== undefined && waiter.expiresMs === atMs',
    to: 'return waiter.expiresMs === atMs',
  },
  {
    name: 'throttled with room',
    fault: 'Who only lacks an environment is turned away after maxWait.',
    file: 'gate.ts',
    from: '    if (blocker === undefined && this.#nowMs < ask.deadlineMs) {',
    to: '    if (false as boolean) {',
  },
  {
    name: 'off switch ignored',
    fault: 'Invocations wait for a function that is switched off.',
    file: 'refusal.ts',
    from: 'if (remainingMs <= 0 || limit.max === 0) return true',
    to: 'if (remainingMs <= 0) return true',
  },
  {
    name: 'no early refusal',
    fault: 'Who will be turned away waits first.',
    file: 'refusal.ts',
    from: 'return remainingMs < Infinity && (waitMsAt(limit, ahead) ?? 0) > remainingMs',
    to: 'return false',
  },
  {
    name: 'hasty early refusal',
    fault: 'A guess is made of the first slot that was given back.',
    file: 'refusal.ts',
    from: 'const SAMPLES_MIN = 8',
    to: 'const SAMPLES_MIN = 0',
  },
  {
    name: 'endless line',
    fault: 'Any number may wait.',
    file: 'refusal.ts',
    from: 'return waiting >= Math.max(least, max * QUEUE_DEPTH)',
    to: 'return false',
  },
  {
    name: 'nested calls like others',
    fault: 'A call that waits for what its own caller holds waits as long as any.',
    file: 'gate.ts',
    from: 'nested ? Math.min(ask.maxWaitMs, NESTED_WAIT_MS) : ask.maxWaitMs',
    to: 'ask.maxWaitMs',
  },
  {
    name: 'nested wherever',
    fault: 'A call is taken for nested whoever holds the limit.',
    file: 'held.ts',
    from: 'if (ask.lineage === lineage && isWithin(leaf, limit)) return true',
    to: 'if (ask.lineage === lineage) return true',
  },
  {
    name: 'tenants share one count',
    fault: 'All tenants of a function are one.',
    file: 'branches.ts',
    from: '    if (at.name === name && at.scope === scope) return at',
    to: '    return at',
  },
  {
    name: 'tenants never forgotten',
    fault: 'Every tenant that ever asked is kept.',
    file: 'branches.ts',
    from: '  if (branches === undefined || !unlink(branches, child)) return\n',
    to: '  return\n',
  },
  {
    name: 'tenant forgotten while it waits',
    fault: 'A tenant with a line and nothing running is dropped.',
    file: 'branches.ts',
    from: 'if (child.inUse > 0 || child.guarantee > 0 || totalWaiting(child) > 0) return',
    to: 'if (child.inUse > 0 || child.guarantee > 0) return',
  },
  {
    name: 'ghost of a cancelled wait',
    fault: 'Whoever gave up keeps the place in line.',
    file: 'gate.ts',
    from: "    const waitedMs = this.#depart(waiter)\n    tell(waiter, { kind: 'cancelled', waitedMs })",
    to: "    tell(waiter, { kind: 'cancelled', waitedMs: 0 })",
  },
  {
    name: 'nobody told when a function goes',
    fault: 'Those in line for a function that went away never hear of it.',
    file: 'gate.ts',
    from: "    for (const [waiter, waitedMs] of gone) tell(waiter, { kind: 'gone', waitedMs })\n",
    to: '\n',
  },
  {
    name: 'rates ignored',
    fault: 'Mode aws lets any number of brief requests through.',
    file: 'gate.ts',
    from: "    if (this.config.mode !== 'aws') return undefined\n    return",
    to: '    return undefined\n    return',
  },
  {
    name: 'limits of ours in mode aws',
    fault: "A group's maximum holds on Lambda, too.",
    file: 'configure.ts',
    from: 'limits.inForce = inForce(config)',
    to: 'limits.inForce = config',
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
