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
