import { formatProblem } from '../lib/errors.ts'
import { ceilingOf, checkLimits, guaranteeOf } from '../gate/limits.ts'
import type { App } from '../model/app.ts'
import type { LimitsConfig } from '../model/limits.ts'
import { routeLines, summaryOf } from './describe.ts'
import type { ManifestFlags, OutputFlags } from './options.ts'
import { readApp } from './read-app.ts'

interface CheckFlags extends ManifestFlags, OutputFlags {
  readonly strict?: boolean
}

const FOUND_PROBLEMS = 3

/** `spillway check`: what the manifests say, as Spillway understands it. */
export async function check(paths: readonly string[], flags: CheckFlags): Promise<void> {
  const app = await readApp(paths, flags)
  checkLimits(app.limits)
  const uncapped = functionsWithoutCap(app.limits)
  if (flags.json === true) process.stdout.write(`${JSON.stringify(toJson(app, uncapped))}\n`)
  else process.stdout.write(`${toText(app, uncapped)}\n`)
  if (flags.strict === true && app.notes.length > 0) process.exitCode = FOUND_PROBLEMS
}

function toText(app: App, uncapped: readonly string[]): string {
  return [
    `  ${summaryOf(app)}`,
    ...routeLines(app),
    ...limitLines(app.limits, uncapped).map((line) => `  ${line}`),
    ...app.notes.map((note) => `  note  ${formatProblem(note)}`),
  ].join('\n')
}

function toJson(app: App, uncapped: readonly string[]): object {
  return {
    functions: app.functions.map(({ name, key, runtime, handler }) => ({
      name,
      key,
      runtime,
      handler,
    })),
    routes: app.apis.flatMap(({ front, stage, routes }) =>
      routes.map(({ method, path, functionName }) => ({
        front,
        stage,
        method,
        path,
        functionName,
      })),
    ),
    limits: app.limits,
    uncapped,
    notes: app.notes.map(({ place, message }) => ({ ...place, message })),
  }
}

/** The whole arithmetic: who is guaranteed what, and what is left for everyone. */
export function limitLines(limits: LimitsConfig, uncapped: readonly string[]): string[] {
  const lines: string[] = []
  let guaranteed = 0
  for (const [name, group] of Object.entries(limits.groups)) {
    const members = Object.entries(limits.functions).filter(([, fn]) => fn.group === name)
    const inside = members.reduce((sum, [, fn]) => sum + guaranteeOf(fn), 0)
    const own = Math.max(inside, group.guaranteedConcurrency ?? 0)
    guaranteed += own
    lines.push(
      `group ${name}: ${members.length} ${members.length === 1 ? 'function' : 'functions'}, ${maxText(group.maxConcurrency ?? Infinity)}${own === 0 ? '' : `, ${own} guaranteed`}`,
    )
  }
  const max = limits.account.maxConcurrency
  return [
    `account ${max} = ${guaranteed} guaranteed + ${max - guaranteed} shared`,
    ...lines,
    ...(Object.keys(limits.functions).length === 0 ? [] : [capLine(uncapped)]),
  ]
}

function capLine(uncapped: readonly string[]): string {
  return uncapped.length === 0
    ? 'every function has a cap of its own or through its group'
    : `no cap but the account's: ${uncapped.join(', ')}`
}

function maxText(max: number): string {
  return max === Infinity ? 'no cap' : `at most ${max}`
}

function functionsWithoutCap(limits: LimitsConfig): string[] {
  return Object.entries(limits.functions)
    .filter(([, fn]) => {
      const group = limits.groups[fn.group]
      return ceilingOf(fn) === Infinity && group?.maxConcurrency === undefined
    })
    .map(([name]) => name)
}
