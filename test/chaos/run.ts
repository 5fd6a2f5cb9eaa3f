import { parseArgs } from 'node:util'
import { runStorm, type StormReport } from './run-storm.ts'
import type { Verdict } from './storm.ts'
import { STORMS } from './storms.ts'

/**
 * `npm run chaos`: every storm at full size, each followed by the control that must fail. `-- --only
 * T1,leak` runs some, `--short` runs them as `npm test` does, `--set invocations=5000000` makes them
 * larger or smaller. Exit code 1 when a storm failed or a
 * control passed.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    short: { type: 'boolean' },
    set: { type: 'string', multiple: true, default: [] },
  },
})
const set = Object.fromEntries(
  values.set.map((each) => each.split('=')).map(([name = '', value]) => [name, Number(value)]),
)
const only = values.only?.split(',')
const chosen = STORMS.filter(({ name }) => only?.includes(name) ?? true)
if (chosen.length === 0) throw new Error(`there is no storm ${values.only}`)

const reports: StormReport[] = []
for (const storm of chosen) {
  const report = await runStorm(storm, {
    ...(values.short === true ? storm.short : storm.full),
    ...set,
  })
  reports.push(report)
  print(report)
}
for (const { storm, ok, seconds } of reports) {
  console.log(`${ok ? '✔' : '✖'} ${storm.name.padEnd(6)} ${storm.title} (${seconds.toFixed(0)} s)`)
}
process.exitCode = reports.every(({ ok }) => ok) ? 0 : 1

function print({ storm, verdict, control, seconds, ok }: StormReport): void {
  console.log(`\n${ok ? '✔' : '✖'} ${storm.name}: ${storm.title}, ${seconds.toFixed(1)} s`)
  printVerdict(verdict)
  const found = storm.control.finds in control.failures
  console.log(`  control, ${storm.control.what}: ${found ? 'found out' : 'NOT FOUND OUT'}`)
  printVerdict(control, '    ')
}

function printVerdict({ facts, failures }: Verdict, indent = '  '): void {
  for (const [name, value] of Object.entries(facts)) {
    console.log(`${indent}${name.padEnd(34)} ${value}`)
  }
  for (const [word, why] of Object.entries(failures)) console.log(`${indent}✖ ${word}: ${why}`)
}
