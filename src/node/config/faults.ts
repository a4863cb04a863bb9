/**
 * Faults of a configuration as data, and their messages to the operator (spec §12). All problems are reported at once,
 * each with file, line, column, key, what is wrong and how to fix it. Values are never quoted, because some are
 * secrets.
 */

/** One problem for the operator to fix. */
export interface ConfigProblem {
  /** The config file; absent for an argument of the command line. */
  readonly file?: string
  /** 1-based; present together with `column` when the place is known. */
  readonly line?: number
  readonly column?: number
  /** Path of the config key (`chains[0].name`) or the argument (`--port`); empty for the whole file. */
  readonly key: string
  readonly wrong: string
  readonly fix: string
}

export type ConfigFault =
  | { readonly code: 'CONFIG_UNREADABLE'; readonly file: string; readonly why: string }
  | { readonly code: 'CONFIG_INVALID'; readonly problems: readonly ConfigProblem[] }

/** One line per problem: `file:line:column: key: what is wrong; how to fix it`. */
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
