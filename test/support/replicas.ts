/** Replicas for tests: on a store in memory, with a clock that a test sets, fed with blocks that tests build. */
import type { MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { MemoryStore } from './memory-store.ts'
import { consensus } from '../../src/dag/order.ts'
import type { ChainStore } from '../../src/reputation/block-state.ts'
import { testClock, type TestClock } from '../../src/node/base/clock.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import type { StoreOutcome } from '../../src/protocol/pull-types.ts'
import { Replica } from '../../src/node/chain/replica.ts'

/** Well after every block that `blocks.ts` makes by default. */
export const NOW_MS = 1_800_000_000_000

export interface TestReplica {
  readonly replica: Replica
  readonly store: ChainStore
  readonly clock: TestClock
}

export async function openReplica(
  chain: Chain,
  store: ChainStore = new MemoryStore(),
  nowMs = NOW_MS,
  keepHiddenMs?: number,
): Promise<TestReplica> {
  let setMs = nowMs
  const clock = { ...testClock({ nowMs: () => setMs }), nowMs: () => setMs, set: (ms: number) => (setMs = ms) }
  const replica = await Replica.open({ chain, seed: 7 }, { store, clock, log: silentLogger, keepHiddenMs })
  return { replica, store, clock }
}

/** Takes blocks in as if pulled; in words what became of each. */
export async function takeIn({ replica }: TestReplica, blocks: readonly MadeBlock[]): Promise<string[]> {
  const outcomes = await replica.ingest(blocks, 'pull')
  return outcomes.map(inWords)
}

export function inWords(outcome: StoreOutcome): string {
  return outcome.state === 'refused' ? outcome.fault.code : outcome.state
}

/** All that two replicas must agree on. */
export function viewOf({ replica: { graph } }: TestReplica): { heads: string[]; consensus: string[] } {
  const ids = (indexes: readonly number[]): string[] => indexes.map((index) => graph.id(index))
  return { heads: ids(graph.heads()).sort(), consensus: ids(consensus(graph)) }
}
