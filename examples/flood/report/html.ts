import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome, Round } from '../load/round.ts'
import { drawConcurrency, drawThrottles, drawWaits, type Frame } from './curves.ts'
import { HEAD, rowsOf } from './describe.ts'

/** The whole report in one file: figures of all rounds, curves of the first. */
export function toHtml(rounds: readonly Round[]): string {
  const [first] = rounds
  if (first === undefined) throw new Error('there is nothing to report')
  const style = readFileSync(join(import.meta.dirname, 'style.css'), 'utf8')
  const frame = frameOf(first)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Spillway: a flood of background work</title>
<style>${style}</style>
<h1>${number(first.scenario.jobs)} jobs come in while people are waiting</h1>
<p>${introduction(first)}</p>
<div class="scroll">${table(rounds)}</div>
<p><span class="key users"></span>users <span class="key etl"></span>ETL. The shaded stretch is from the burst to the end of its last job. All charts of a column have the same scale.</p>
${first.outcomes.map((outcome) => section(outcome, frame)).join('\n')}
<footer><p>${footer(rounds)}</p></footer>
</html>
`
}

function introduction({ scenario, outcomes }: Round): string {
  const { userRequests, usersPerSecond, userMs, jobMs, burstAtMs, userFunctions } = scenario
  const [shortest, longest] = jobMs.map((ms) => ms / 1000)
  return `${number(userRequests)} requests of users, ${number(usersPerSecond)} a second, of ${userMs.join('–')} ms each, to ${userFunctions * 10} routes over ${userFunctions} functions. After ${Number((burstAtMs / 1000).toPrecision(2))} s an ETL sends ${number(scenario.jobs)} jobs of ${shortest}–${longest} s to the Lambda API. The account has ${outcomes[0]?.policy.slots} slots. Real processes on one machine; the same requests and jobs under each policy.`
}

function footer(rounds: readonly Round[]): string {
  const several =
    rounds.length === 1 ? '' : ` Figures are medians of ${rounds.length} runs, with their range.`
  return `Waits, latencies and the share of 429s are of users who came while the ETL ran. A latency runs from when the request was due to the end of its answer, so a sender that is late hides nothing.${several} <b>÷ unloaded</b> compares the users’ p99 with the same requests and no ETL; <b>÷ alone</b> the ETL’s time with the same jobs and no users, in the slots that the guarantee leaves.`
}

/** All charts of a column are drawn alike, so that they can be compared. */
function frameOf({ scenario, outcomes }: Round): Frame {
  const bins = outcomes.flatMap(({ curves }) => curves.bins)
  const ends = outcomes.flatMap(({ curves }) => curves.concurrency.map(({ atMs }) => atMs))
  return {
    slots: Math.max(...outcomes.map(({ policy }) => policy.slots)),
    binMs: scenario.binMs,
    burstAtMs: scenario.burstAtMs,
    xMaxMs: Math.max(...ends),
    // The first instant of the burst would dwarf everything else: it is cut, and its height written.
    throttlesMax: 1.3 * Math.max(10, ...bins.map((bin) => bin.userThrottlesPerSecond)),
    waitMaxMs: 1.15 * Math.max(50, ...bins.map((bin) => bin.userWaitMs)),
  }
}

function table(rounds: readonly Round[]): string {
  const cells = (row: readonly string[], tag: string): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  const body = rowsOf(rounds).map((row) => cells(row, 'td'))
  return `<table><thead>${cells(HEAD, 'th')}</thead><tbody>${body.join('')}</tbody></table>`
}

function section({ policy, figures, curves }: Outcome, frame: Frame): string {
  const { users, etl } = figures
  const share = (users.throttledShare * 100).toFixed(users.throttled === 0 ? 0 : 1)
  const figure = (title: string, said: string, chart: string): string =>
    `<figure><figcaption><b>${title}</b> · ${said}</figcaption>${chart}</figure>`
  const endMs = frame.burstAtMs + etl.seconds * 1000
  const throttled = `users ${number(users.throttled)} (${share} %), ETL ${number(etl.throttled)}`
  return `<section id="${policy.name}">
<h2>${policy.title}</h2>
<p>${policy.summary}</p>
<pre>${policy.text}</pre>
<div class="charts">
${figure('Concurrency', `ETL done after ${number(etl.seconds, 1)} s`, drawConcurrency(curves, frame, endMs))}
${figure('Throttles per second', throttled, drawThrottles(curves, frame, endMs))}
${figure('Users’ wait, p99 of each second', `${number(users.waitP99Ms)} ms in the flood`, drawWaits(curves, frame, endMs))}
</div>
</section>`
}

function number(value: number, digits: number = 0): string {
  return value
    .toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replaceAll(',', '\u202f')
}
