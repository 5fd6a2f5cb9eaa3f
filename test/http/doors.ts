import type { RequestListener } from 'node:http'
import { nodeTurn } from '../../src/http/node-turn.ts'
import { createFront } from '../../src/http/front/front.ts'
import type { Turn } from '../../src/http/turn.ts'
import { realClock } from '../../src/lib/clock.ts'
import type { Front } from '../../src/lib/listen.ts'

/** What was run, as whoever reads the requests understood it. */
export interface Ran {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** An API of which only the reading is of interest: each request is written down and answered. */
export interface Reading {
  readonly ran: Ran[]
  readonly listener: RequestListener
  readonly front: Front
  /** How many our own front has read. */
  ownCount(): number
}

export function startReading(): Reading {
  const ran: Ran[] = []
  let own = 0
  const answer = (turn: Turn): void => {
    turn.readBody(1e6, (body) => {
      if (body?.bytes === undefined) return
      const { method, target, rawHeaders } = turn
      ran.push({ method, target, rawHeaders, body: body.bytes.toString('latin1') })
      const text = `ran ${ran.length}`
      const headers = ['Content-Type', 'text/plain', 'Content-Length', String(text.length)]
      turn.send({ status: 200, rawHeaders: headers, body: text }, false)
    })
  }
  const answerOwn = (turn: Turn): void => {
    own++
    answer(turn)
  }
  return {
    ran,
    listener: (request, response) => answer(nodeTurn(request, response)),
    front: createFront({ clock: realClock, answer: answerOwn }),
    ownCount: () => own,
  }
}
