import type { FunctionDefinition } from '../model/app.ts'
import type { PoolEvent } from '../runtime/pool-words.ts'
import { initReportLine } from '../runtime/report.ts'
import { failureOf } from './failure.ts'
import { cutLine, type LogLine } from './journal.ts'
import { initError } from './outcome.ts'
import type { Tally } from './tally.ts'

/** What is written and counted of environments while no invocation runs in them. */
export interface EnvironmentJournal {
  onEvent(functionName: string, event: PoolEvent): void
  /** How many have ended, by why. */
  readonly exits: ReadonlyMap<string, number>
  /** How many of those were ended by force, by why. */
  readonly kills: ReadonlyMap<string, number>
}

export interface EnvironmentJournalOptions {
  readonly tally: Tally
  readonly log: (line: LogLine) => void
  readonly fn: (functionName: string) => FunctionDefinition | undefined
  /** Something that is ours to mend, a sentence. */
  readonly onTrouble: (sentence: string) => void
}

export function createEnvironmentJournal({
  tally,
  log,
  fn,
  onTrouble,
}: EnvironmentJournalOptions): EnvironmentJournal {
  const exits = new Map<string, number>()
  const kills = new Map<string, number>()

  const write = (functionName: string, text: string, platform = false): void => {
    for (const whole of text.replace(/\n$/, '').split('\n')) {
      const line = cutLine(whole)
      if (line !== whole) tally.addCutLine(functionName)
      log({ functionName, requestId: undefined, text: line, platform })
    }
  }

  const reportInit = (
    functionName: string,
    { failure, initMs, attempt }: Extract<PoolEvent, { kind: 'init_failed' }>,
  ): void => {
    const { errorClass, reason } = failureOf({ kind: 'failed_init', failure }, undefined) ?? {}
    if (errorClass === 'platform') {
      const why = failure.notStarted?.message ?? `it was killed while it started`
      onTrouble(`no environment of ${functionName} (${reason}): ${why}`)
      return
    }
    const { errorType } = initError(failure, '')
    const phase = attempt === 1 ? 'init' : 'invoke'
    const status = failure.timedOut ? 'timeout' : 'error'
    const json = fn(functionName)?.logFormat === 'JSON'
    const report = { initMs, phase, status, errorType } as const
    write(functionName, initReportLine(report, json, new Date().toISOString()), true)
  }

  return {
    exits,
    kills,
    onEvent(functionName, event) {
      switch (event.kind) {
        case 'ready':
          return
        case 'gone':
          exits.set(event.reason, (exits.get(event.reason) ?? 0) + 1)
          if (event.killedFor !== undefined) {
            kills.set(event.killedFor, (kills.get(event.killedFor) ?? 0) + 1)
          }
          return
        case 'log':
          return write(functionName, event.text)
        case 'init_failed':
          return reportInit(functionName, event)
        case 'late_result':
          return tally.addLateResult(functionName)
      }
    },
  }
}
