/**
 * What can be wrong with a configuration, as data, and how it is put to the operator (spec §12): every problem at once,
 * each with file, line, column, key, what is wrong and what to do. Values are never quoted, for some are secrets.
 */

/** One thing to mend. */
export interface ConfigProblem {
  /** The config file, or absent for an argument of the command line. */
  readonly file?: string
  /** 1-based; present with `column` when the place is known. */
  readonly line?: number
  readonly column?: number
  /** Path of the key (`chains[0].name`), or the argument (`--port`); empty for the file as a whole. */
  readonly key: string
  readonly wrong: string
  readonly fix: string
}

export type ConfigFault =
  | { readonly code: 'CONFIG_UNREADABLE'; readonly file: string; readonly why: string }
  | { readonly code: 'CONFIG_INVALID'; readonly problems: readonly ConfigProblem[] }

/** One line for each problem: `file:line:column: key: what is wrong; what to do`. */
export function configFaultLines(fault: ConfigFault): readonly string[] {
  if (fault.code === 'CONFIG_UNREADABLE') return [`${fault.file}: ${fault.why}`]
  return fault.problems.map((problem) =>
    [place(problem), problem.key, `${problem.wrong}; ${problem.fix}`].filter((part) => part !== '').join(': '),
  )
}

function place(problem: ConfigProblem): string {
  const { file = '', line, column } = problem
  return line === undefined ? file : `${file}:${String(line)}:${String(column ?? 1)}`
}

/** The candidate nearest to `word`, if it is near enough to be meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const lower = word.toLowerCase().replaceAll(/[-_]/g, '')
  let best: { name: string; edits: number } | undefined
  for (const name of candidates) {
    const edits = distance(lower, name.toLowerCase())
    if (best === undefined || edits < best.edits) best = { name, edits }
  }
  return best !== undefined && best.edits <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : undefined
}

/** Levenshtein distance with neighbours swapped at the price of one. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + differs)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = above
    above = row
  }
  return above[b.length] ?? 0
}
