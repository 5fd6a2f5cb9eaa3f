import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createAdmin } from '../../src/admin/server.ts'
import type { AdminOptions } from '../../src/admin/options.ts'
import { Gate } from '../../src/gate/gate.ts'
import { createLimitsControl, type LimitsAudit } from '../../src/gate/limits/live-limits.ts'
import { createTally, type Tally } from '../../src/invoke/tally.ts'
import { virtualClock } from '../../src/lib/clock.ts'
import type { LimitsConfig } from '../../src/model/limits.ts'
import { sendTo, type Received, type Sent } from '../aws/send.ts'

const LIMITS: LimitsConfig = {
  account: { maxConcurrency: 100 },
  groups: { etl: { maxConcurrency: 20 } },
  functions: { report: { group: 'etl' }, lead: { group: 'shop', reservedConcurrency: 5 } },
}

/** The admin listener on a socket, in front of a gate and a tally of its own. */
export interface ServedAdmin {
  readonly gate: Gate
  readonly tally: Tally
  readonly audits: LimitsAudit[]
  send(path: string, sent?: Sent): Promise<Received>
}

export async function serveAdmin(
  t: TestContext,
  given: Partial<AdminOptions> = {},
): Promise<ServedAdmin> {
  const audits: LimitsAudit[] = []
  const gate = new Gate(LIMITS, { clock: virtualClock() })
  const tally = createTally()
  const admin = createAdmin({
    gate,
    tally,
    limits: createLimitsControl(gate, (audit) => audits.push(audit)),
    pools: () => [{ functionName: 'report', counts: { idle: 1, busy: 2, starting: 3 } }],
    exits: () => new Map([['idle', 4]]),
    history: { read: () => ({ since: '2026-11-24T22:09:05.989Z', functions: [] }) },
    lag: { take: (quantiles) => quantiles.map(() => 0), stop() {} },
    kills: () => new Map([['timeout', 2]]),
    ready: () => ({ ok: true, checks: [] }),
    version: '1.2.3',
    ...given,
  })
  const server = createServer(admin)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return {
    gate,
    tally,
    audits,
    send: (path, sent) => sendTo(port, path, sent),
  }
}
