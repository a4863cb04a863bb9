// What the benchmarks report: a figure's median and range over the runs, its share of the floor, and what got slower.
//
// A figure is {name, unit, floor?, measure}. `unit` is '/s' or 'MiB/s', where more is better, or 'µs' or 'ms', where less is.
// `measure` resolves to {value, cpuUs?, heldMs?}: the value, CPU time per operation, and how long at most another
// client, or another turn of this process, waited meanwhile.

/** From here on a figure counts as slower: less is noise on a machine that others use too. */
const SLOWER = 1.5

const sorted = (numbers) => [...numbers].sort((a, b) => a - b)
export const median = (numbers) => sorted(numbers)[Math.floor(numbers.length / 2)]
const isRate = (unit) => unit.endsWith('/s')

/** The speed of a figure, so that ratios of rates and of times read alike. */
function speed(unit, value) {
  if (isRate(unit)) return value
  return (unit === 'µs' ? 1e6 : 1e3) / value
}

export function summary(group, { name, unit, floor }, samples) {
  const of = (key) => samples.map((sample) => sample[key]).filter((value) => value !== undefined)
  const values = of('value')
  const shares = floor === undefined ? [] : samples.map((one) => speed(unit, one.value) / one.under)
  return {
    ...{ group, name, unit, median: median(values), least: Math.min(...values), most: Math.max(...values) },
    ...(floor === undefined ? {} : { floor, floorPerSecond: median(of('under')), ofFloor: median(shares) }),
    ...(of('cpuUs').length === 0 ? {} : { cpuUs: median(of('cpuUs')) }),
    ...(of('heldMs').length === 0 ? {} : { heldMs: median(of('heldMs')) }),
  }
}

const number = (value) =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(3)

export function table(group, figures) {
  const lines = figures.map((figure) => {
    const { name, unit, floor, ofFloor, cpuUs, heldMs } = figure
    const range = `${number(figure.least)}–${number(figure.most)}`
    const share = floor === undefined ? '' : `${ofFloor.toFixed(3)} of ${floor} (${number(figure.floorPerSecond)}/s)`
    const cpu = cpuUs === undefined ? '' : `${number(cpuUs)} µs CPU`
    const held = heldMs === undefined ? '' : `held ${number(heldMs)} ms`
    const value = `${number(figure.median)} ${unit}`
    return [name.padEnd(48), value.padStart(14), range.padStart(20), share.padEnd(32), cpu.padEnd(14), held]
      .join('  ')
      .trimEnd()
  })
  return [`${group}`, ...lines.map((line) => `  ${line}`)].join('\n')
}

/** Shares of the floor are compared where both have one: they say less of the machine, and more of the code. */
export function compare(before, now) {
  const known = new Map(before.map((figure) => [`${figure.group}/${figure.name}`, figure]))
  const slower = []
  for (const figure of now) {
    const old = known.get(`${figure.group}/${figure.name}`)
    if (old === undefined) continue
    const hasFloor = old.ofFloor !== undefined && figure.ofFloor !== undefined
    const factor = hasFloor
      ? old.ofFloor / figure.ofFloor
      : speed(old.unit, old.median) / speed(figure.unit, figure.median)
    if (factor > SLOWER) slower.push(`slower ${factor.toFixed(2)}×: ${figure.group}/${figure.name}`)
  }
  return slower.length === 0 ? `nothing got slower than ${SLOWER}×` : slower.join('\n')
}

/** Runs `job` n times, after a tenth as many to let it be compiled. */
export function rate(n, job) {
  for (let at = 0; at < n / 10; at++) job(at)
  const from = performance.now()
  for (let at = 0; at < n; at++) job(at)
  return { value: (n / (performance.now() - from)) * 1000 }
}

/** Keeps `inFlight` calls under way until `count` are answered; the times of each, and of all. */
export async function lanes(inFlight, count, call) {
  const times = []
  let left = count
  const lane = async (n) => {
    while (left > 0) {
      left -= 1
      const from = performance.now()
      await call(n)
      times.push(performance.now() - from)
    }
  }
  const from = performance.now()
  await Promise.all(Array.from({ length: inFlight }, (_, n) => lane(n)))
  return { times, perSecond: (count / (performance.now() - from)) * 1000 }
}
