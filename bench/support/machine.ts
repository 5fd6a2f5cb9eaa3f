import { arch, cpus } from 'node:os'

/** What figures were taken on, for the head of a report. */
export function describeMachine(): string {
  return `Node ${process.version}, ${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${arch()}`
}
