import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Figures } from '../../examples/flood/load/figures.ts'
import { readPolicy, POLICY_NAMES } from '../../examples/flood/load/policies.ts'
import type { Outcome, Round } from '../../examples/flood/load/round.ts'
import { toScenario } from '../../examples/flood/load/scenario.ts'
import { burst, userTraffic } from '../../examples/flood/load/traffic.ts'
import { readService } from '../../examples/flood/load/manifest.ts'
import { loadApp } from '../../src/index.ts'
import { runCommand } from '../support/cli.ts'
import { makeFolder } from '../support/service.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/flood')
/** The smallest form in which a pool that is full still refuses dozens. */
const SCALE = 0.035

describe('The flood', () => {
  const report = join(makeFolder(), 'report.html')
  let round: Round

  before(async () => {
    const flags = [
      '--scale',
      `${SCALE}`,
      '--only',
      'aws,priority,guarantee,queue',
      '--report',
      report,
    ]
    const run = join(EXAMPLE, 'run.ts')
    const ran = await runCommand([process.execPath, run, '--json', ...flags])
    assert.equal(ran.exit, 0, ran.stderr)
    const rounds = JSON.parse(ran.stdout) as Round[]
    assert.equal(rounds.length, 1)
    round = rounds[0] as Round
  })

  const outcome = (name: string): Outcome => {
    const found = round.outcomes.find(({ policy }) => policy.name === name)
    assert.ok(found, `the flood did not run under ${name}`)
    return found
  }
  const figures = (name: string): Figures => outcome(name).figures

  test('answers every user and does every job, whatever the policy', () => {
    const { userRequests, jobs } = toScenario(SCALE, 1)
    for (const name of ['aws', 'priority', 'guarantee', 'queue']) {
      const { users, etl } = figures(name)
      assert.equal(users.sent, userRequests, name)
      assert.equal(users.lost, 0, name)
      assert.equal(etl.done, jobs, name)
      assert.equal(etl.failures, 0, name)
    }
  })

  test("throttles users under Lambda's own rules, and the ETL too", () => {
    assert.ok(figures('aws').users.throttled > 0)
    assert.ok(figures('aws').etl.throttled > 0)
  })

  test('throttles nobody where users go first and the ETL waits', () => {
    for (const name of ['priority', 'guarantee', 'queue']) {
      assert.equal(figures(name).users.throttled, 0, name)
      assert.equal(figures(name).etl.throttled, 0, name)
    }
  })

  test("keeps the ETL out of the users' guarantee, and everybody within the account", () => {
    const { scenario } = round
    const etlMax = (name: string): number =>
      Math.max(...outcome(name).curves.concurrency.map(({ etl }) => etl))
    const guaranteed = Math.round(45 * scenario.size)
    const { slots } = outcome('guarantee').policy
    for (const name of ['guarantee', 'queue']) {
      assert.ok(etlMax(name) <= slots - guaranteed, `${etlMax(name)} of ${slots}`)
    }
    assert.ok(etlMax('priority') > slots - guaranteed, 'the ETL never had more without a guarantee')
    for (const { policy, curves } of round.outcomes) {
      for (const { users, etl } of curves.concurrency) {
        assert.ok(users + etl <= policy.slots, `${policy.name}: ${users} + ${etl}`)
      }
    }
  })

  test('reports both curves of each policy, in one file', () => {
    const html = readFileSync(report, 'utf8')
    for (const name of ['aws', 'priority', 'guarantee']) {
      const section = html.split(`<section id="${name}">`)[1]?.split('</section>')[0] ?? ''
      assert.match(section, /<path class="area users" d="M[^"]{100}/, `${name}: no concurrency`)
      assert.match(section, /<path class="area etl" d="M[^"]{100}/, `${name}: no concurrency`)
      assert.match(section, /Throttles of users and ETL per second/, `${name}: no throttles`)
    }
    assert.match(html, /<path class="bar users" d="M/)
    assert.doesNotMatch(html, /https?:|<script|NaN|undefined/)
  })
})

describe('Its traffic', () => {
  test('is the same for the same seed, and another for another', () => {
    const service = readService()
    const drawn = (seed: number): unknown => [
      userTraffic(toScenario(SCALE, seed), service),
      burst(toScenario(SCALE, seed), service),
    ]
    assert.deepEqual(drawn(1), drawn(1))
    assert.notDeepEqual(drawn(1), drawn(2))
  })

  test('is of twenty thousand requests to two hundred routes at full size', () => {
    const scenario = toScenario(1, 1)
    const requests = userTraffic(scenario, readService())
    assert.equal(requests.length, 20_000)
    assert.equal(new Set(requests.map(({ route }) => `${route.method} ${route.path}`)).size, 200)
    const lastMs = requests.at(-1)?.atMs ?? 0
    const perSecond = (requests.length / lastMs) * 1000
    assert.ok(Math.abs(perSecond - scenario.usersPerSecond) < 5, `${perSecond} a second`)
    assert.equal(burst(scenario, readService()).length, 1000)
  })
})

describe('Its policies', () => {
  test('are understood by Spillway, each of them', async () => {
    for (const name of POLICY_NAMES) {
      const config = join(EXAMPLE, 'policies', `${name}.yml`)
      const app = await loadApp({ paths: [EXAMPLE], config, env: {} })
      assert.equal(app.limits.account.maxConcurrency, 100, name)
      assert.equal(app.limits.functions['flood-dev-load']?.group, 'etl', name)
      assert.equal(app.limits.functions['flood-dev-apiOrders']?.group, 'api', name)
    }
  })

  test('shrink in their slots, and not in their waits', () => {
    assert.match(readPolicy('guarantee', 0.2).text, /guaranteedConcurrency: 9, maxWait: 2s/)
    assert.equal(readPolicy('guarantee', 0.2).slots, 20)
  })
})
