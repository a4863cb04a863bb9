/** The studies of docs/economy.md, in its order. */
import type { Table } from './table.ts'
import { peace } from './study-peace.ts'

export interface Findings {
  readonly tables: readonly Table[]
  readonly plots: readonly { readonly file: string; readonly svg: string }[]
}

export interface Study {
  readonly name: string
  readonly title: string
  /** @param isQuick - small, one seed: for a look */
  readonly run: (isQuick: boolean) => Findings
}

export const studies: readonly Study[] = [peace]
