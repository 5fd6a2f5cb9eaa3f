/** A small chart as inline SVG. Colours come from the page's style, by class. */
export interface Chart {
  /** What a screen reader says. */
  readonly label: string
  readonly xMaxMs: number
  readonly yMax: number
  readonly yUnit: string
  /** While the ETL had work: shaded. */
  readonly floodMs: readonly [number, number]
  /** Inside, from back to front. */
  readonly marks: readonly string[]
}

/** Where a value is in the picture. */
export interface Scale {
  readonly x: (ms: number) => number
  readonly y: (value: number) => number
}

const WIDTH = 400
const HEIGHT = 170
const LEFT = 48
const RIGHT = 14
const TOP = 14
const BOTTOM = 20
const FLOOR = HEIGHT - BOTTOM

export function scaleOf({ xMaxMs, yMax }: Pick<Chart, 'xMaxMs' | 'yMax'>): Scale {
  return {
    x: (ms) => round(LEFT + (Math.min(ms, xMaxMs) / xMaxMs) * (WIDTH - LEFT - RIGHT)),
    y: (value) => round(FLOOR - (Math.min(value, yMax) / yMax) * (FLOOR - TOP)),
  }
}

export function drawChart(chart: Chart): string {
  const { x, y } = scaleOf(chart)
  const [fromMs, toMs] = chart.floodMs
  const yTicks = ticks(chart.yMax, 3)
  const xTicks = ticks(chart.xMaxMs / 1000, 5)
  const unitOf = (tick: number): string => (tick === yTicks.at(-1) ? chart.yUnit : '')
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${chart.label}">
<rect class="flood" x="${x(fromMs)}" y="${TOP}" width="${round(x(toMs) - x(fromMs))}" height="${FLOOR - TOP}"/>
${yTicks.map((tick) => `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick)}" y2="${y(tick)}"/><text class="tick" x="${LEFT - 5}" y="${y(tick) + 3.5}" text-anchor="end">${tick}${unitOf(tick)}</text>`).join('')}
${chart.marks.join('\n')}
<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${FLOOR}" y2="${FLOOR}"/>
${xTicks.map((tick) => `<text class="tick" x="${x(tick * 1000)}" y="${HEIGHT - 5}" text-anchor="middle">${tick}${tick === 0 ? '' : ' s'}</text>`).join('')}
</svg>`
}

/** The area between two lines over the same times. */
export function drawArea(
  name: string,
  { x, y }: Scale,
  points: readonly { readonly atMs: number; readonly low: number; readonly high: number }[],
): string {
  const top = points.map(({ atMs, high }) => `${x(atMs)} ${y(high)}`)
  const bottom = points.toReversed().map(({ atMs, low }) => `${x(atMs)} ${y(low)}`)
  return `<path class="area ${name}" d="M${[...top, ...bottom].join('L')}Z"/>`
}

/** One bar for each stretch of time; what is higher than the chart is cut. */
export function drawBars(
  name: string,
  { x, y }: Scale,
  options: {
    readonly binMs: number
    readonly bars: readonly {
      readonly fromMs: number
      readonly low: number
      readonly high: number
    }[]
  },
): string {
  const path = options.bars
    .filter(({ low, high }) => high > low)
    .map(({ fromMs, low, high }) => {
      const [left, right] = [x(fromMs), x(fromMs + options.binMs)]
      return `M${left} ${y(low)}V${y(high)}H${right}V${y(low)}Z`
    })
  return path.length === 0 ? '' : `<path class="bar ${name}" d="${path.join('')}"/>`
}

export function drawLine(name: string, { y }: Scale, value: number, label: string): string {
  return `<line class="${name}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}"/><text class="note" x="${WIDTH - RIGHT - 2}" y="${y(value) - 4}" text-anchor="end">${label}</text>`
}

/** Words above a chart, from a time on. */
export function drawNote({ x }: Scale, atMs: number, text: string): string {
  return `<text class="note" x="${x(atMs)}" y="${TOP - 4}">${text}</text>`
}

/** In the middle, where there is nothing to draw. */
export function drawNothing(text: string): string {
  return `<text class="nothing" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${(TOP + FLOOR) / 2 + 4}" text-anchor="middle">${text}</text>`
}

/** Round values from 0, about as many as wanted. */
function ticks(max: number, wanted: number): number[] {
  const rough = max / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 3, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? max
  const count = Math.floor(max / step)
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)))
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
