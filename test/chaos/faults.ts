/** A fault that is planted in a source while it loads. */
export interface Fault {
  /** In `src`. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly from: string
  readonly to: string
}

/** What the controls plant: each is what somebody else does, or we did. */
export const FAULTS = {
  /** Retry on any broken connection, as LocalStack does. */
  naiveRetry: {
    file: 'invoke/run.ts',
    from: `if (end.kind === 'died' && !end.started && this.#mayRetry())`,
    to: `if (end.kind === 'died' && this.#mayRetry())`,
  },
  /** An end of a connection is no proof: it comes after the event was read as well as before. */
  finIsUnstarted: {
    file: 'runtime/runtime-api/outstanding.ts',
    from: `  begin(): void {\n    this.#isBegun = true`,
    to: `  begin(): void {\n    this.#isBegun = false`,
  },
  /** Deletes what it takes before it is done, as LocalStack does with what it tries again. */
  deleteFirst: {
    file: 'invoke/async/lane.ts',
    from: `return message === undefined ? undefined : { message, event: fromMessage(message) }`,
    to: `if (message === undefined) return undefined
    await this.#options.queues.delete(this.#queue, [message.receiptHandle])
    return { message, event: fromMessage(message) }`,
  },
  noWatchdog: {
    file: 'runtime/hang-watch.ts',
    from: `if (signs === undefined || nowMs - watch.sinceMs < watch.ackMs) return undefined`,
    to: `return undefined`,
  },
  /** A start that the system refused is the fault of whoever waits for it. */
  noSecondStart: {
    file: 'runtime/failed-inits.ts',
    from: `if (failure.notStarted?.passing === true) {`,
    to: `if (failure.notStarted?.why === undefined && failure.timedOut) {`,
  },
  /** A hundred bytes for each invocation. */
  leak: {
    file: 'invoke/tally.ts',
    from: `      const tally = of(functionName)\n`,
    to: `      const tally = of(functionName)
      ;((globalThis as unknown as { leaked: unknown[] }).leaked ??= []).push(
        Array.from({ length: 10 }, () => 1.5),
      )\n`,
  },
  /** Every function has something that it could do without. */
  fatFunction: {
    file: 'runtime/fleet.ts',
    from: `      own = 0\n`.replace('own', 'let own'),
    to: `      let own = 0\n      sums.set(\`\${name} twice\`, Array.from({ length: 1000 }, () => 1.5) as never)\n`,
  },
  /** Whoever sends is told so before it is on the disk. */
  ackBeforeCommit: {
    file: 'queue/embedded/engine.ts',
    from: `        if (reply !== undefined) replies.push(reply)`,
    to: `        if (reply !== undefined) this.#options.reply([reply])`,
  },
  /** The usual advice for SQLite's log: it is written to the disk by and by. */
  lazyDisk: {
    file: 'queue/embedded/open-database.ts',
    from: `PRAGMA synchronous = FULL`,
    to: `PRAGMA synchronous = NORMAL`,
  },
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
