import type { Background } from '../../src/model/app.ts'

/** What is in it, without places and what is empty. */
export function withoutPlaces(background: Background | undefined): Partial<Background> {
  const lists = Object.entries(background ?? {}).filter(([, list]) => Object.keys(list).length > 0)
  const json = JSON.stringify(Object.fromEntries(lists), (key, value: unknown) =>
    key === 'place' ? undefined : value,
  )
  return JSON.parse(json) as Partial<Background>
}

/** `schedule: rate(5 minutes)` of the function `a` in the service `s`. */
export const SCHEDULE = {
  name: 's-dev-a-schedule-1',
  functionName: 's-dev-a',
  expression: 'rate(5 minutes)',
  kind: 'rule',
  timeZone: 'UTC',
  enabled: true,
}

/** `sns: orders` of the same. */
export const SUBSCRIPTION = {
  topic: 'orders',
  target: { functionName: 's-dev-a' },
  filterScope: 'MessageAttributes',
  rawDelivery: false,
}
