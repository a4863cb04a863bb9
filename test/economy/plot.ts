/** Line plots as SVG: axes with round numbers, a line for each series, its name at its end. Pure. */

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
  /** The highest y shown; default: the highest there is. */
  readonly most?: number
  /** Powers of ten on the y axis; values below 1 lie on it. */
  readonly isLog?: boolean
}

const WIDTH = 720
const HEIGHT = 360
const LEFT = 60
const RIGHT = 170
const TOP = 36
const BOTTOM = 46
/** More points than this are thinned: nobody sees them. */
const MOST_POINTS = 125
/** Least distance between the names of two lines. */
const LINE_HEIGHT = 15
/** Distinct to people who see few colours (Okabe and Ito, 2008), without yellow. */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#56b4e9', '#e69f00', '#000000']

export function svgOf({ title, x, y, series, most, isLog = false }: Plot): string {
  const all = series.flatMap(({ points }) => points)
  const lastX = Math.max(...all.map(([at]) => at))
  const firstX = Math.min(...all.map(([at]) => at))
  const highest = most ?? Math.max(...all.map(([, value]) => value), Number.MIN_VALUE)
  const scaleY = isLog
    ? (value: number) => Math.log10(Math.max(1, value)) / Math.log10(highest)
    : (value: number) => value / highest
  const toX = (at: number): number => LEFT + ((at - firstX) / (lastX - firstX || 1)) * (WIDTH - LEFT - RIGHT)
  const toY = (value: number): number =>
    HEIGHT - BOTTOM - Math.max(0, Math.min(1, scaleY(value))) * (HEIGHT - TOP - BOTTOM)
  const marksX = ticks(firstX, lastX).map((at) =>
    [
      line(toX(at), HEIGHT - BOTTOM, toX(at), HEIGHT - BOTTOM + 5, '#444'),
      text(toX(at), HEIGHT - BOTTOM + 18, shown(at), 'middle'),
    ].join(''),
  )
  const marksY = (isLog ? powersTo(highest) : ticks(0, highest)).map((value) =>
    [
      line(LEFT, toY(value), WIDTH - RIGHT, toY(value), '#ddd'),
      text(LEFT - 6, toY(value) + 4, shown(value), 'end'),
    ].join(''),
  )
  const colorOf = (n: number): string => COLORS[n % COLORS.length] ?? '#000'
  const lines = series.map(({ points }, n) => {
    const path = thinned(points)
      .map(([at, value]) => `${round(toX(at))},${round(toY(value))}`)
      .join(' ')
    return `<polyline points="${path}" fill="none" stroke="${colorOf(n)}" stroke-width="1.8"/>`
  })
  const ends = placed(series.map(({ points }) => toY(points.at(-1)?.[1] ?? 0)))
  const names = series.map(({ name }, n) => text(WIDTH - RIGHT + 8, (ends[n] ?? 0) + 4, name, 'start', colorOf(n)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, title, 'start', '#000'),
    ...marksY,
    line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, '#444'),
    ...marksX,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x, 'middle'),
    `<g transform="rotate(-90 14 ${HEIGHT / 2})">${text(14, HEIGHT / 2, y, 'middle')}</g>`,
    ...lines,
    ...names,
    '</svg>',
    '',
  ].join('\n')
}

/** Round numbers between two, about five. */
export function ticks(from: number, to: number): number[] {
  const rough = (to - from) / 5 || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, n) =>
    Number(((first + n) * step).toPrecision(12)),
  )
}

function powersTo(highest: number): number[] {
  return Array.from({ length: Math.floor(Math.log10(highest)) + 1 }, (_, n) => 10 ** n)
}

/** Every so-many-th point, and the last. */
function thinned<T>(points: readonly T[]): T[] {
  const step = Math.ceil(points.length / MOST_POINTS)
  return points.filter((_point, n) => n % step === 0 || n === points.length - 1)
}

/** Heights moved apart so that names do not lie on each other. */
function placed(heights: readonly number[]): number[] {
  const order = heights.map((at, n) => ({ at, n })).sort((a, b) => a.at - b.at)
  let free = TOP
  for (const one of order) {
    one.at = Math.max(one.at, free)
    free = one.at + LINE_HEIGHT
  }
  const over = Math.max(0, free - LINE_HEIGHT - (HEIGHT - BOTTOM))
  return order.sort((a, b) => a.n - b.n).map(({ at }) => at - over)
}

function line(x1: number, y1: number, x2: number, y2: number, color: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${color}"/>`
}

function text(x: number, y: number, words: string, anchor: 'start' | 'middle' | 'end', color = '#444'): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${color}">${safe}</text>`
}

function shown(value: number): string {
  return value.toLocaleString('en')
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10)
}
