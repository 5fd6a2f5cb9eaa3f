/** What is known of one firing of a schedule. */
export interface FiringFacts {
  /** A UUID of its own. */
  readonly id: string
  /** When it was due, in milliseconds since 1970. */
  readonly dueMs: number
  readonly accountId: string
  readonly region: string
  /** ARN of the rule or the schedule. */
  readonly arn: string
}

/** What a scheduled rule sends. */
export interface ScheduledEvent {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': 'Scheduled Event'
  readonly source: 'aws.events' | 'aws.scheduler'
  readonly account: string
  /** `2026-03-06T18:00:00Z` */
  readonly time: string
  readonly region: string
  readonly resources: readonly [string]
  /** EventBridge Scheduler sends a text, `{}`, where rules send an object (recorded on AWS). */
  readonly detail: Readonly<Record<string, never>> | '{}'
}

/** The event of an EventBridge rule with a schedule. */
export function toRuleEvent(facts: FiringFacts): ScheduledEvent {
  return scheduledEvent(facts, 'aws.events', {})
}

/** The event of EventBridge Scheduler, where its target has no input. */
export function toSchedulerEvent(facts: FiringFacts): ScheduledEvent {
  return scheduledEvent(facts, 'aws.scheduler', '{}')
}

/** `2026-03-06T18:00:00Z`: EventBridge's times have no fractions of seconds. */
export function toSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/**
 * What a schedule's input may ask for, in angle brackets: `<aws.scheduler.scheduled-time>` and the
 * like (EventBridge Scheduler, "Context attributes").
 */
export function fillIn(input: string, { id, dueMs, arn }: FiringFacts): string {
  const values: Readonly<Record<string, string>> = {
    'schedule-arn': arn,
    'scheduled-time': toSeconds(dueMs),
    'execution-id': id,
    'attempt-number': '1',
  }
  return input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  )
}

function scheduledEvent(
  { id, dueMs, accountId, region, arn }: FiringFacts,
  source: ScheduledEvent['source'],
  detail: ScheduledEvent['detail'],
): ScheduledEvent {
  return {
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source,
    account: accountId,
    time: toSeconds(dueMs),
    region,
    resources: [arn],
    detail,
  }
}
