import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../lib/clock.ts'
import { Book, type OpenQueue } from './book.ts'
import type { DiskReserve } from './disk-reserve.ts'
import { diskFull, isDiskFull, notFound } from './failures.ts'
import type { Ground } from './ground.ts'
import { LogicalTime } from './logical-time.ts'
import type { Failure, QueueFacts, Reply, Work, Works } from './protocol.ts'
import { prepareRows, type Rows } from './rows.ts'
import { DELAYED, IN_FLIGHT, READY } from './schema.ts'
import { send } from './send.ts'
import { changeOne, deleteOne, inFlight, putBackOne, showDue } from './settle.ts'
import { sweep } from './sweep.ts'
import { receivable, take } from './take.ts'
import { Waiting, type Waiter } from './waiting.ts'

export interface EngineOptions {
  readonly clock: Clock
  readonly reserve: DiskReserve
  /** Given only once what they say is on the disk. */
  readonly reply: (replies: readonly Reply[]) => void
  readonly trouble: (sentence: string) => void
}

const SWEEP_EVERY_MS = 60_000
/** Ids are milliseconds with so many for each: they grow across restarts whatever was deleted. */
const IDS_PER_MS = 1024

/**
 * The embedded queue, in one thread: work goes in by the batch, and each batch is one transaction and
 * one write to the disk. Nothing is answered before that.
 */
export class Engine {
  readonly #options: EngineOptions
  readonly #rows: Rows
  readonly #book: Book
  readonly #ground: Ground
  readonly #time: LogicalTime
  readonly #waiting = new Waiting()
  #lastId: number
  #hasWorked = false
  /** Whether those who send have been told. */
  #isFull = false
  #timer: { readonly atMs: number; readonly handle: Disposable } | undefined
  #sweeping: Disposable

  /** @throws {Error} of SQLite, where the file cannot be written. */
  constructor(db: DatabaseSync, options: EngineOptions) {
    this.#options = options
    const { clock, trouble } = options
    this.#rows = prepareRows(db)
    const meta = (key: string): number => this.#rows.one('meta', key)?.value ?? 0
    this.#time = new LogicalTime(clock, meta('now_ms'))
    this.#lastId = this.#rows.one('lastId')?.id ?? 0
    // Whoever of this process worked on them is dead.
    this.#rows.run('freeOurs')
    this.#book = new Book(this.#rows)
    this.#ground = {
      rows: this.#rows,
      book: this.#book,
      time: this.#time,
      wallMs: () => Math.floor(clock.wallMs()),
      nextId: () => (this.#lastId = Math.max(this.#lastId + 1, this.#time.nowMs() * IDS_PER_MS)),
      trouble,
    }
    this.#sweeping = this.#sweepIn(SWEEP_EVERY_MS)
  }

  /** The queues there are. */
  queues(): QueueFacts[] {
    return [...this.#book.all()].map(({ facts }) => facts)
  }

  /** Does all of this in one transaction, and whatever becomes possible by it. */
  run(batch: readonly Work[]): void {
    const isShort = this.#options.reserve.isShort()
    if (isShort) this.#refuse(batch.filter(isSend))
    const work = isShort ? batch.filter((each) => !isSend(each)) : batch
    if (!this.#hasRoomFor(work)) this.#makeRoom(work)
    else if (work.some(isSend)) this.#isFull = false
    this.#setTimer()
  }

  /** Ends all waits, and writes what is to be known at the next start. */
  close(): void {
    this.#timer?.handle[Symbol.dispose]()
    this.#sweeping[Symbol.dispose]()
    const waiters = this.#waiting.all()
    for (const waiter of waiters) this.#waiting.remove(waiter)
    this.#options.reply(waiters.map(({ work }) => nothing(work)))
    this.#rows.run('setMeta', 'now_ms', this.#time.nowMs())
  }

  /** The disk is full. What frees it must still be possible; what fills it is refused. */
  #makeRoom(work: readonly Work[]): void {
    this.#refuse(work.filter(isSend))
    const rest = work.filter((each) => !isSend(each))
    if (this.#hasRoomFor(rest)) return
    this.#options.reserve.release()
    if (!this.#hasRoomFor(rest)) this.#fail(rest, diskFull())
  }

  #hasRoomFor(work: readonly Work[]): boolean {
    try {
      this.#commit(work)
      return true
    } catch (error) {
      if (!isDiskFull(error)) throw error
      return false
    }
  }

  #refuse(sends: readonly Work[]): void {
    if (sends.length === 0) return
    this.#fail(sends, diskFull())
    if (!this.#isFull) {
      this.#options.trouble(
        'the disk is full: messages are refused until there is room; those there are can be received and deleted',
      )
    }
    this.#isFull = true
  }

  #fail(work: readonly Work[], failure: Failure): void {
    this.#forget(work)
    this.#options.reply(work.map(({ id }) => ({ id, failure })))
  }

  /** These do not wait any more. */
  #forget(work: readonly Work[]): void {
    for (const { id } of work) {
      const waiter = this.#waiting.byWork(id)
      if (waiter !== undefined) this.#waiting.remove(waiter)
    }
  }

  #commit(batch: readonly Work[]): void {
    const replies: Reply[] = []
    const served: Waiter[] = []
    if (batch.length > 0) this.#hasWorked = true
    try {
      this.#inTransaction(() => {
        for (const work of batch) {
          const reply = this.#do(work)
          if (reply !== undefined) replies.push(reply)
        }
        showDue(this.#ground)
        this.#serve(served, replies)
      })
    } catch (error) {
      this.#forget(batch)
      throw error
    }
    for (const waiter of served) this.#waiting.remove(waiter)
    if (replies.length > 0) this.#options.reply(replies)
  }

  #inTransaction(body: () => void): void {
    this.#rows.run('begin')
    try {
      this.#book.touched.clear()
      body()
      this.#rows.run('commit')
    } catch (error) {
      this.#rollback()
      throw error
    }
  }

  /** As it was before the batch, but for what cannot be taken back: answers. */
  #rollback(): void {
    try {
      this.#rows.run('rollback')
    } catch {
      // SQLite has done so itself.
    }
    this.#book.load()
  }

  /** Undefined where it is to wait. */
  #do(work: Work): Reply | undefined {
    const { id } = work
    if (work.kind === 'define') {
      return { id, value: this.#book.define(work.queue, work, this.#ground.wallMs()) }
    }
    if (work.kind === 'giveUp') return this.#giveUp(work)
    const queue = this.#book.byName(work.queue)
    if (queue === undefined) return { id, failure: notFound(work.queue) }
    if (work.kind === 'transfer') return this.#transfer(work, queue)
    if (work.kind !== 'receive' && work.kind !== 'ready')
      return { id, value: this.#now(work, queue) }
    showDue(this.#ground)
    const value = this.#look(work, queue)
    if (value !== undefined) return { id, value }
    if (work.waitMs <= 0) return nothing(work, receivable(this.#ground, queue))
    this.#waiting.add({ work, untilMs: this.#time.nowMs() + work.waitMs })
    return undefined
  }

  /** What is done at once. */
  #now(
    work: Exclude<Work, Work<'receive' | 'ready' | 'define' | 'giveUp' | 'transfer'>>,
    queue: OpenQueue,
  ): unknown {
    const ground = this.#ground
    switch (work.kind) {
      case 'send':
        return send(ground, queue, work.messages)
      case 'delete':
        return work.handles.map((handle) => deleteOne(ground, queue, handle))
      case 'changeVisibility':
        return work.changes.map((change) => changeOne(ground, queue, change))
      case 'counts':
        return this.#count(queue)
      case 'putBack':
        for (const handle of work.handles) putBackOne(ground, queue, handle)
        return undefined
      case 'purge':
        this.#book.purge(queue)
        return undefined
      case 'remove':
        this.#remove(queue)
        return undefined
    }
  }

  /** What is done with here goes on elsewhere: both or neither, as one transaction is. */
  #transfer({ id, handle, target, message }: Work<'transfer'>, queue: OpenQueue): Reply {
    const into = this.#book.byName(target)
    if (into === undefined) return { id, failure: notFound(target) }
    const isHeld = inFlight(this.#ground, queue, handle) !== undefined
    if (isHeld) {
      deleteOne(this.#ground, queue, handle)
      send(this.#ground, into, [message])
    }
    return { id, value: isHeld }
  }

  #count(queue: OpenQueue): Works['counts']['gives'] {
    showDue(this.#ground)
    const { counts, id } = queue
    const oldest = this.#rows.one('oldestReady', id)?.sent_ms
    return {
      visible: counts[READY],
      inFlight: counts[IN_FLIGHT],
      delayed: counts[DELAYED],
      ...(oldest === undefined ? {} : { oldestMs: Math.max(0, this.#ground.wallMs() - oldest) }),
    }
  }

  #remove(queue: OpenQueue): void {
    this.#book.remove(queue)
    const waiters = [...this.#waiting.of(queue.facts.name)].map(({ work }) => work)
    if (waiters.length > 0) this.#fail(waiters, notFound(queue.facts.name))
  }

  #giveUp({ id, workId }: Work<'giveUp'>): Reply {
    const waiter = this.#waiting.byWork(workId)
    if (waiter === undefined) return { id, value: undefined }
    this.#waiting.remove(waiter)
    this.#options.reply([nothing(waiter.work)])
    return { id, value: undefined }
  }

  /** What there is for those who would wait; undefined for nothing, or not enough. */
  #look(work: Work<'receive' | 'ready'>, queue: OpenQueue): unknown {
    if (work.kind === 'receive') {
      const messages = take(this.#ground, queue, work)
      return messages.length > 0 ? messages : undefined
    }
    const count = receivable(this.#ground, queue)
    return count >= work.count ? count : undefined
  }

  /** Gives what has come to those who wait for it, and lets go of those who have waited long enough. */
  #serve(served: Waiter[], replies: Reply[]): void {
    if (this.#waiting.isEmpty) return
    const done = (waiter: Waiter, reply: Reply): void => {
      served.push(waiter)
      replies.push(reply)
    }
    for (const queueId of this.#book.touched) {
      const queue = this.#book.byId(queueId)
      for (const waiter of this.#waiting.of(queue?.facts.name ?? '')) {
        const value = queue && this.#look(waiter.work, queue)
        if (value !== undefined) done(waiter, { id: waiter.work.id, value })
        // Others may wait for fewer, but nobody receives what is not there.
        else if (waiter.work.kind === 'receive') break
      }
    }
    for (const waiter of this.#waiting.over(this.#time.nowMs())) {
      if (served.includes(waiter)) continue
      const queue = this.#book.byName(waiter.work.queue)
      done(waiter, nothing(waiter.work, queue && receivable(this.#ground, queue)))
    }
  }

  /** Wakes when somebody has waited long enough, or waits and something becomes visible. */
  #setTimer(): void {
    const dueMs = this.#waiting.isEmpty ? Infinity : (this.#rows.one('nextDue')?.due_ms ?? Infinity)
    const atMs = Math.min(this.#waiting.nextMs, dueMs)
    if (atMs === this.#timer?.atMs) return
    this.#timer?.handle[Symbol.dispose]()
    if (atMs === Infinity) return void (this.#timer = undefined)
    const handle = this.#options.clock.after(atMs - this.#time.nowMs(), () => {
      this.#timer = undefined
      this.run([])
    })
    this.#timer = { atMs, handle }
  }

  #sweepIn(delayMs: number): Disposable {
    return this.#options.clock.after(delayMs, () => {
      this.#time.follow()
      let more = false
      try {
        this.#inTransaction(() => {
          // A server that does nothing, and hides nothing until a moment, writes nothing.
          if (this.#hasWorked || this.#rows.one('nextDue') !== undefined) {
            this.#rows.run('setMeta', 'now_ms', this.#time.nowMs())
          }
          this.#hasWorked = false
          more = sweep(this.#ground)
        })
      } catch (error) {
        if (!isDiskFull(error)) throw error
      }
      this.#options.reserve.renew()
      this.#sweeping = this.#sweepIn(more ? 0 : SWEEP_EVERY_MS)
    })
  }
}

function nothing(work: Work<'receive' | 'ready'>, count = 0): Reply {
  return { id: work.id, value: work.kind === 'receive' ? [] : count }
}

function isSend({ kind }: Work): boolean {
  return kind === 'send'
}
