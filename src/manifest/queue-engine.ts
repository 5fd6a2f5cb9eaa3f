import type { App } from '../model/app.ts'
import { child, oneOf } from './read.ts'
import type { Section } from './spillway-yml.ts'

const ENGINES = ['embedded', 'aws'] as const

/** `queues: aws`: where queues are; the last section that says something has the last word. */
export function readQueueEngine(sections: readonly Section[]): Pick<App, 'queues'> {
  const read = sections.map((section) =>
    oneOf(section, child(section, section.node, 'queues'), 'queues', ENGINES),
  )
  const queues = read.findLast((each) => each !== undefined)
  return queues === undefined ? {} : { queues }
}
