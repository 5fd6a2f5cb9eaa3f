import type { Curves } from '../load/curves.ts'
import {
  drawArea,
  drawBars,
  drawChart,
  drawLine,
  drawNote,
  drawNothing,
  scaleOf,
  type Chart,
} from './chart.ts'

/** What the charts of all policies have in common. */
export interface Frame {
  readonly slots: number
  readonly binMs: number
  readonly burstAtMs: number
  readonly xMaxMs: number
  readonly throttlesMax: number
  readonly waitMaxMs: number
}

/** Users and the ETL one on top of the other, below the account's maximum. */
export function drawConcurrency({ concurrency }: Curves, frame: Frame, endMs: number): string {
  const base = baseOf(frame, frame.slots * 1.15, endMs)
  const scale = scaleOf(base)
  const users = concurrency.map((each) => ({ atMs: each.atMs, low: 0, high: each.users }))
  const etl = concurrency.map((each) => ({
    atMs: each.atMs,
    low: each.users,
    high: each.users + each.etl,
  }))
  return drawChart({
    ...base,
    label: 'Concurrency of users and ETL over time',
    yUnit: '',
    marks: [
      drawArea('etl', scale, etl),
      drawArea('users', scale, users),
      drawLine('max', scale, frame.slots, `account max ${frame.slots}`),
    ],
  })
}

/** Refusals, the users' below and the ETL's on top of them. */
export function drawThrottles({ bins }: Curves, frame: Frame, endMs: number): string {
  const base = baseOf(frame, frame.throttlesMax, endMs)
  const scale = scaleOf(base)
  const users = bins.map(({ fromMs, userThrottlesPerSecond: high }) => ({ fromMs, low: 0, high }))
  const both = bins.map(({ fromMs, userThrottlesPerSecond: low, etlThrottlesPerSecond }) => ({
    fromMs,
    low,
    high: low + etlThrottlesPerSecond,
  }))
  const highest = both.reduce((a, b) => (b.high > a.high ? b : a), { fromMs: 0, low: 0, high: 0 })
  const { binMs, throttlesMax } = frame
  return drawChart({
    ...base,
    label: 'Throttles of users and ETL per second over time',
    yUnit: '/s',
    marks: [
      drawBars('etl', scale, { binMs, bars: both }),
      drawBars('users', scale, { binMs, bars: users }),
      highest.high === 0 ? drawNothing('nobody was throttled') : '',
      highest.high > throttlesMax
        ? drawNote(scale, highest.fromMs, `up to ${Math.round(highest.high)}/s`)
        : '',
    ],
  })
}

/** What the users waited. */
export function drawWaits({ bins }: Curves, frame: Frame, endMs: number): string {
  const base = baseOf(frame, frame.waitMaxMs, endMs)
  const bars = bins.map(({ fromMs, userWaitMs: high }) => ({ fromMs, low: 0, high }))
  return drawChart({
    ...base,
    label: 'Wait of the users over time',
    yUnit: ' ms',
    marks: [
      drawBars('users', scaleOf(base), { binMs: frame.binMs, bars }),
      bars.every(({ high }) => high === 0) ? drawNothing('nobody waited') : '',
    ],
  })
}

function baseOf(
  { xMaxMs, burstAtMs }: Frame,
  yMax: number,
  endMs: number,
): Pick<Chart, 'xMaxMs' | 'yMax' | 'floodMs'> {
  return { xMaxMs, yMax, floodMs: [burstAtMs, endMs] }
}
