import type { App } from '../model/app.ts'
import { isRedisUrl } from '../model/redis-url.ts'
import { child, exactText, oneOf } from './read.ts'
import type { Section } from './spillway-yml.ts'

const ON_REDIS_DOWN = ['local', 'open', 'closed'] as const

/** Where rate limits are shared, and what without; the last section that says something has the last word. */
export function readRedis(sections: readonly Section[]): Pick<App, 'redis' | 'onRedisDown'> {
  return Object.assign(
    {},
    ...sections.map((section) => ({
      ...readUrl(section),
      ...readOnRedisDown(section),
    })),
  )
}

function readUrl(section: Section): Pick<App, 'redis'> {
  const node = child(section, section.node, 'redis')
  const redis = exactText(section, node, 'redis')
  if (node === undefined || redis === undefined) return {}
  if (isRedisUrl(redis)) return { redis }
  // Not what it is instead: that may be a URL with a password and a slip.
  section.report.error(node.place, 'expected redis to be a URL such as redis://127.0.0.1:6379')
  return {}
}

function readOnRedisDown(section: Section): Pick<App, 'onRedisDown'> {
  const node = child(section, section.node, 'rateLimit', 'onRedisDown')
  const onRedisDown = oneOf(section, node, 'onRedisDown', ON_REDIS_DOWN)
  return onRedisDown === undefined ? {} : { onRedisDown }
}
