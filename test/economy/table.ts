/** Tables in Markdown. Pure. */

export interface Table {
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
}

/** As Markdown. */
export function tableOf({ caption, head, rows }: Table): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`
  return [`${caption}:`, '', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** A share as whole percents, or with a digit behind the point below 10. */
export function percent(share: number): string {
  const value = share * 100
  return Number.isNaN(value) ? '–' : `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} %`
}
