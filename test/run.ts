import { spawn, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join, sep } from 'node:path'

/**
 * Runs the tests: the pure rooms together in one process, then those with processes and sockets of
 * their own, file by file; before them the checks of what would be published. `node test/run.ts unit`
 * runs the pure rooms alone. Exit code 1 when anything failed.
 */

const ROOT = join(import.meta.dirname, '..')
const PURE_ROOMS = ['lib', 'model', 'gate', 'events', 'manifest']
const ISOLATED_AT_ONCE = 2
/** Far above what any test needs: a hang must end as a failure. */
const TEST_TIMEOUT_MS = 180_000

/** node:test's closing lines, summed over both runs. */
type Totals = Record<string, number>

process.chdir(ROOT)
process.exitCode = await main(process.argv[2] === 'unit')

async function main(unitOnly: boolean): Promise<number> {
  const files = globSync('test/**/*.test.ts').sort()
  const pure = files.filter(isPure)
  const failures = unitOnly ? [] : checkPackage()
  if (!unitOnly) provideAwsCli()

  const totals: Totals = {}
  if (!(await runTests(pure, ['--test-isolation=none'], totals))) failures.push('pure rooms')
  if (!unitOnly) {
    const isolated = files.filter((file) => !isPure(file) && !isAlone(file))
    const flags = [`--test-concurrency=${ISOLATED_AT_ONCE}`]
    if (!(await runTests(isolated, flags, totals))) failures.push('rooms with processes')
    const alone = files.filter(isAlone)
    if (!(await runTests(alone, ['--test-concurrency=1'], totals))) failures.push('storms')
  }
  // Zero tests is a broken driver, not a success.
  if ((totals['pass'] ?? 0) === 0) failures.push('no test ran')
  if (!unitOnly) for (const [name, value] of Object.entries(totals)) say(`ℹ ${name} ${value}`)
  if (failures.length > 0) say(`✖ failed: ${failures.join(', ')}`)
  return failures.length > 0 ? 1 : 0
}

/** The histories of the gate take a minute and a core of their own. */
function isPure(file: string): boolean {
  if (file.endsWith('gate.property.test.ts')) return false
  const [, room = ''] = file.split(sep)
  return room.endsWith('.test.ts') || PURE_ROOMS.includes(room)
}

/** Storms and fork bombs take the machine: what else runs then would be measured, and not tested. */
function isAlone(file: string): boolean {
  return file.startsWith(join('test', 'chaos')) || file.includes('hostile')
}

/** Runs files with node:test, shows its output, and adds its closing lines to the totals. */
async function runTests(
  files: readonly string[],
  flags: readonly string[],
  totals: Totals,
): Promise<boolean> {
  if (files.length === 0) return true
  const args = ['--test', '--test-reporter=spec', `--test-timeout=${TEST_TIMEOUT_MS}`, ...flags]
  const child = spawn(process.execPath, [...args, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text)
    tail = (tail + text).slice(-100_000)
  })
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.on('close', (code) => resolve(code))
  const code = await promise
  for (const [, name = '', value = ''] of tail.matchAll(/^ℹ (\w+) ([\d.]+)$/gm)) {
    totals[name] = (totals[name] ?? 0) + Number(value)
  }
  return code === 0
}

/** What a user would install: does it resolve, with types, in every way of importing it? */
function checkPackage(): string[] {
  return [
    ['publint', '--strict'],
    ['attw', '--pack', '.', '--profile', 'esm-only'],
  ].flatMap(([tool = '', ...args]) => {
    say(`▶ ${tool} ${args.join(' ')}`)
    const { status } = spawnSync(join('node_modules', '.bin', tool), args, { stdio: 'inherit' })
    return status === 0 ? [] : [tool]
  })
}

/**
 * One end-to-end test speaks through the AWS CLI. Installs Debian's where it may; where it may not,
 * `SPILLWAY_TEST_WITHOUT_AWS_CLI` tells that test to skip, with the reason in the output.
 */
function provideAwsCli(): void {
  if (works('aws', ['--version'])) return
  const mayInstall = process.getuid?.() === 0 && works('apt-get', ['--version'])
  if (mayInstall) {
    say('▶ installing the AWS CLI, which one test needs (apt-get install awscli)')
    apt(['update', '-q'])
    apt(['install', '-y', '-q', 'awscli'])
    if (works('aws', ['--version'])) return
  }
  process.env['SPILLWAY_TEST_WITHOUT_AWS_CLI'] = '1'
  say('!! NO AWS CLI: it is not installed and could not be; the test that needs it is SKIPPED')
}

function apt(args: readonly string[]): void {
  spawnSync('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
}

function works(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
