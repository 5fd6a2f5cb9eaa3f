import type { Fire } from '../bus/fire.ts'
import { notificationProblems } from '../bus/check.ts'
import { createNotifications, type Notifications } from '../bus/notifications.ts'
import type { Clock } from '../lib/clock.ts'
import { ManifestError, type Problem } from '../lib/errors.ts'
import type { App } from '../model/app.ts'
import type { Queues } from '../queue/queue.ts'
import { mappingProblems } from './queue/check.ts'
import { scheduleProblems } from './schedule/check.ts'
import { openRecord } from './schedule/record.ts'
import { ScheduleRunner } from './schedule/runner.ts'

export interface CausesOptions {
  readonly clock: Clock
  readonly fire: Fire
  /** Where subscribed queues are; without, what goes to a queue is refused. */
  readonly queues?: Pick<Queues, 'send'>
  /** Where it is kept what has fired. Default: nothing survives a restart. */
  readonly dataDir?: string
  readonly onTrouble: (sentence: string) => void
}

/** What causes invocations besides requests and queues: schedules and notifications. */
export interface Causes {
  readonly notifications: Notifications
  /** Runs an App's schedules and serves its rules, topics and buckets; they have been checked. */
  configure(app: App): void
  /** Nothing fires any more; what comes in from outside is for the listeners to refuse. */
  stop(): void
}

/** What is wrong with an App's schedules, patterns, filter policies and inputs, each with its place. */
export function causeProblems({ background }: Pick<App, 'background'>): Problem[] {
  if (background === undefined) return []
  return [
    ...scheduleProblems(background.schedules),
    ...notificationProblems(background),
    ...mappingProblems(background.queueSources),
  ]
}

/** @throws {ManifestError} with all of them. */
export function checkCauses(app: Pick<App, 'background'>): void {
  const problems = causeProblems(app)
  if (problems.length > 0) throw new ManifestError(problems)
}

/** Causes of no App yet: nothing fires, and nobody is told anything. */
export function createCauses(options: CausesOptions): Causes {
  const { clock, fire, dataDir, onTrouble } = options
  const notifications = createNotifications(options)
  const record = openRecord(dataDir, onTrouble)
  const runner = new ScheduleRunner({ clock, fire, record, onTrouble })
  return {
    notifications,
    configure(app) {
      notifications.configure(app)
      const { accountId, region } = app
      runner.configure(app.background?.schedules ?? [], { accountId, region })
    },
    stop: () => runner.stop(),
  }
}
