import { availableParallelism } from 'node:os'
import { loadCases, type Case } from './cases.ts'
import { createPlayer } from './play.ts'

const USAGE = `npm run conformance -- DIR [topic…]

Plays the compatibility cases of a folder (format: test/conformance/README.md) against a running
Spillway, and prints passed and failed per topic, with the differences of each failure.
Exit code 0 when all pass, 1 when some fail, 2 when the cases cannot be read.
`

interface Played {
  readonly one: Case
  readonly problems: readonly string[]
}

process.exitCode = await main(process.argv.slice(2))

async function main([dir, ...topics]: readonly string[]): Promise<number> {
  if (dir === undefined || dir === '--help') {
    process.stdout.write(USAGE)
    return dir === undefined ? 2 : 0
  }
  let cases: Case[]
  try {
    cases = loadCases(dir, topics)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
  const played = await playAll(cases)
  process.stdout.write(`${[...played.flatMap(failureLines), ...totalLines(played)].join('\n')}\n`)
  return played.some(({ problems }) => problems.length > 0) ? 1 : 0
}

async function playAll(cases: readonly Case[]): Promise<Played[]> {
  const player = createPlayer(availableParallelism() + 1)
  try {
    return await Promise.all(cases.map(async (one) => ({ one, problems: await player.play(one) })))
  } finally {
    await player.close()
  }
}

function failureLines({ one, problems }: Played): string[] {
  if (problems.length === 0) return []
  return [
    `FAIL ${one.id} (${one.confidence})`,
    ...problems.map((problem) => `     ${problem.replaceAll('\n', '\n     ')}`),
  ]
}

function totalLines(played: readonly Played[]): string[] {
  const topics = [...new Set(played.map(({ one }) => one.topic))]
  const width = Math.max(...topics.map((topic) => topic.length), 'total'.length)
  const line = (name: string, of: readonly Played[]): string => {
    const passed = of.filter(({ problems }) => problems.length === 0).length
    return `${name.padEnd(width)}  ${passed} passed  ${of.length - passed} failed`
  }
  return [
    ...topics.map((topic) =>
      line(
        topic,
        played.filter(({ one }) => one.topic === topic),
      ),
    ),
    line('total', played),
  ]
}
