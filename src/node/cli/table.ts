/** Tables for terminals (spec §11): columns as wide as their content, without rules. */
import Table from 'cli-table3'
import { sanitizeLine } from './sanitize.ts'
import type { Colors } from './colors.ts'

export interface TableRows {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const NO_LINES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' },
  ...{ 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
}

/** Lays out a table; cells are sanitized here. */
export function tableOf({ head, rows }: TableRows, colors: Colors): string {
  const table = new Table({
    head: head.map((title) => colors('bold', title)),
    chars: NO_LINES,
    // The library's own colors are off: `colors` decides.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  table.push(...rows.map((row) => row.map(sanitizeLine)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
