/** What all simulated cores have to agree on in the end, and whether the definitions say the same. */
import { graphViolationsOf } from '../../src/dag/graph-invariants.ts'
import type { Replica } from '../../src/node/chain/replica.ts'
import { author } from '../support/blocks.ts'
import { DAY } from '../support/economy.ts'
import type { SignedEconomy } from '../support/economy-blocks.ts'
import { headsOf } from '../support/reputation-twin.ts'
import type { Core } from './core.ts'
import { MEMBERS } from './founding.ts'

const REPS_AFTER = [0, DAY, 90 * DAY + 1]

/** Ids of accepted blocks and heads in order, and everybody's reps now and later. */
export interface View {
  readonly accepted: readonly string[]
  readonly heads: readonly string[]
  readonly reps: readonly number[]
}

export function viewOf({ graph, state: reputation }: Replica, nowMs: number): View {
  const accepted: string[] = []
  for (let index = 1; index < graph.size; index += 1) if (graph.isAccepted(index)) accepted.push(graph.id(index))
  const people = Array.from({ length: 2 * MEMBERS }, (_, n) => author(n).author)
  return {
    accepted: accepted.sort(),
    heads: graph.heads().map((index) => graph.id(index)),
    reps: people.flatMap((by) => REPS_AFTER.map((after) => reputation.repsOf(by, nowMs + after))),
  }
}

/** Cheap, and said of what is accepted only: whether it is worth to look closer. */
export function isAlike(cores: readonly Core[]): boolean {
  const [first, ...others] = cores.map(({ replica }) =>
    Buffer.from(replica.fingerprints.fingerprint('')).toString('hex'),
  )
  return others.every((other) => other === first)
}

/** In words, what is not as it has to be; nothing if all is well. */
export function disagreements(cores: readonly Core[], economy: SignedEconomy, nowMs: number): string[] {
  const [first, ...others] = cores
  if (first === undefined) return []
  const problems: string[] = []
  const view = viewOf(first.replica, nowMs)
  for (const core of others) {
    const other = viewOf(core.replica, nowMs)
    for (const what of ['accepted', 'heads', 'reps'] as const) {
      if (view[what].join() === other[what].join()) continue
      problems.push(`core ${String(core.number)} has other ${what} than core ${String(first.number)}`)
    }
  }
  for (const { number, replica } of cores) {
    for (const broken of graphViolationsOf(replica.graph)) {
      problems.push(`the graph of core ${String(number)} is broken: ${JSON.stringify(broken)}`)
    }
  }
  return [...problems, ...ruleBreaches(view, economy)]
}

/** Against the definitions (spec §5): accepted(accepted(V)) = accepted(V), and its heads. */
function ruleBreaches({ accepted, heads }: View, economy: SignedEconomy): string[] {
  const all = new Set(accepted.map((id) => economy.withId(id)))
  const expected = economy.twin.acceptedOf(all)
  const problems: string[] = []
  if (expected.size !== all.size) problems.push('what is accepted is not what the definitions say')
  if (
    headsOf(expected)
      .map(({ id }) => id)
      .join() !== heads.join()
  )
    problems.push('the heads are others by definition')
  return problems
}
