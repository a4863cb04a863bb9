/**
 * Acceptance drawn: pictures as in `draw.ts`, one new block a step, with `=k` at the end of a name (`a2@5000=1`; without
 * it, newcomers, whose names begin with n, have 0, others 30). The first letter is the author. Blocks come in as read.
 */
import { Graph } from '../../src/dag/graph.ts'
import { Acceptance } from '../../src/reputation/acceptance.ts'
import { BlockTable } from '../../src/reputation/block-table.ts'
import { DRAWN_CHAIN, drawnId, rowOn } from './draw.ts'
import { keyOf } from './economy.ts'

export interface AcceptanceDrawing {
  /** What each step changed: `+accepted -withdrawn`. */
  readonly answers: readonly string[]
  readonly deed: {
    readonly acceptance: Acceptance
    readonly at: (name: string) => number
    readonly isPaid: (name: string) => boolean
    /** Whether a block on these, perhaps a like of one, would be sound; else the back that is in the way. */
    readonly stands: (backs: string, liked?: string) => string
  }
}

const STEP = /^(.+) < ([a-z]+[0-9]*)(?:@([0-9]+))?(?:=([0-9]+))?$/

export function drawAcceptance(picture: string): AcceptanceDrawing {
  const graph = new Graph(DRAWN_CHAIN, 1)
  const table = new BlockTable(graph)
  const acceptance = new Acceptance({ graph, table, isUnlimited: () => false })
  const names = ['genesis']
  const at = (name: string): number => names.indexOf(name)
  const indexes = (list: string): number[] => list.trim().split(/\s+/).map(at)
  const answers = picture.split(';').map((step) => {
    const [, backs = '', name = '', time, k] = STEP.exec(step.trim())!
    const row = rowOn(graph, drawnId(name), indexes(backs), time === undefined ? undefined : Number(time))
    const index = graph.add(row, false)
    names.push(name)
    const author = keyOf(name.charCodeAt(0))
    table.add(index, { author, k: k === undefined ? (name.startsWith('n') ? 0 : 30) : Number(k) })
    const { accepted, withdrawn } = acceptance.add(index)
    const say = (sign: string, list: readonly number[]) =>
      list.length === 0 ? [] : [sign + list.map((n) => names[n]).join(' ')]
    return [...say('+', accepted), ...say('-', withdrawn)].join(' ')
  })
  const stands = (backs: string, liked?: string): string => {
    const like = liked === undefined ? undefined : ({ n: 1, target: at(liked) } as const)
    const answer = acceptance.backsAccepted(indexes(backs), like)
    return answer === 'sound' ? answer : names[answer]!
  }
  return { answers, deed: { acceptance, at, isPaid: (name) => acceptance.isPaid(at(name)), stands } }
}
