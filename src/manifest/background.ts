import type { Background } from '../model/app.ts'
import type { ServiceBackground } from './causes.ts'

/** What all services cause, together; undefined where none causes anything. */
export function joinBackground(parts: readonly ServiceBackground[]): Background | undefined {
  const list = <K extends keyof Lists>(key: K): Lists[K][number][] =>
    parts.flatMap((part) => (part[key] ?? []) as readonly Lists[K][number][])
  const background: Background = {
    queues: list('queues'),
    queueSources: list('queueSources'),
    schedules: list('schedules'),
    rules: list('rules'),
    topics: list('topics'),
    subscriptions: list('subscriptions'),
    bucketNotifications: list('bucketNotifications'),
    asyncConfigs: Object.assign({}, ...parts.map(({ asyncConfigs }) => asyncConfigs)),
  }
  const isEmpty = Object.values(background).every((each) => Object.keys(each).length === 0)
  return isEmpty ? undefined : background
}

type Lists = Required<Omit<Background, 'asyncConfigs'>>
