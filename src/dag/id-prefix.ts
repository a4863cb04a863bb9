/**
 * Resolves ids as users type them (spec §3): whole, or any unique prefix of at least 6 hex digits, with or without the
 * height in front, in either case. Also finds the genesis.
 */
import type { DagFault } from './faults.ts'
import { fail, ok, type Result } from './result.ts'
import type { Graph } from './graph.ts'
import { showId } from './ids.ts'
import { inOrder } from './order.ts'

const TYPED_ID = /^(?:(0|[1-9][0-9]{0,9})_)?([0-9A-Fa-f]{6,64})$/

export interface TypedId {
  readonly height: number | undefined
  /** The beginning of the id's hex digits, in either case. */
  readonly digits: string
}

/** `undefined` if the text is no id and no beginning of one. */
export function parseTypedId(text: string): TypedId | undefined {
  const [, height, digits] = TYPED_ID.exec(text) ?? []
  return digits === undefined ? undefined : { height: height === undefined ? undefined : Number(height), digits }
}

/** Matches listed for an ambiguous prefix; with more the user must type more digits anyway. */
const MATCHES_LISTED = 100

/**
 * The index of the one block that `text` means; if it has a height, the block's must be equal. Blocks for which
 * `counts` returns `false` are treated as unknown.
 */
export function resolvePrefix(
  graph: Graph,
  text: string,
  counts?: (index: number) => boolean,
): Result<number, DagFault> {
  const typed = parseTypedId(text)
  if (typed === undefined) return fail({ code: 'DAG_BAD_ID', text })
  const matches = graph
    .startingWith(typed.digits)
    .filter((index) => typed.height === undefined || graph.height(index) === typed.height)
    .filter((index) => counts?.(index) ?? true)
  const [match] = matches
  if (match === undefined) return fail({ code: 'DAG_UNKNOWN_ID', text })
  if (matches.length === 1) return ok(match)
  const listed = inOrder(graph, matches).slice(0, MATCHES_LISTED)
  return fail({
    code: 'DAG_AMBIGUOUS_ID',
    matches: listed.map((index) => showId(graph.height(index), graph.id(index))),
  })
}
