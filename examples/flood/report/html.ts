import type { Round } from '../load/round.ts'
export function toHtml(rounds: readonly Round[]): string {
  return String(rounds.length)
}
