/** The forum that all simulated cores follow, with the history that it has when a run begins: legal, and the same always. */
import { makeBlock, type MadeBlock } from '../../src/dag/block.ts'
import { sha256 } from '../../src/dag/crypto.ts'
import { Bug } from '../../src/dag/result.ts'
import { genesisBlockId } from '../../src/dag/ids.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { Replica } from '../../src/node/chain/replica.ts'
import { author, bytes, must } from '../support/blocks.ts'
import { keyOf, legalHistory } from '../support/economy.ts'
import { SignedEconomy } from '../support/economy-blocks.ts'
import { ForgetfulStore } from './forgetful-store.ts'

/** When a run begins. */
export const START_MS = 1_790_000_000_000

/** Authors who have or had reps; those with higher numbers are newcomers. */
export const MEMBERS = 14

const BLOCKS = 70

export interface Founding {
  /** All blocks of a run, for the slow twin too. */
  readonly economy: SignedEconomy
  /** Holds the history. */
  readonly store: ForgetfulStore
}

export async function found(): Promise<Founding> {
  const economy = new SignedEconomy({ chain: { kind: 'forum', pioneers: [], pioneer: keyOf(0) }, blocks: [] })
  const made: MadeBlock[] = []
  for (const { backs, like, time, author: by } of legalHistory({ posts: BLOCKS, authors: MEMBERS, now: START_MS })) {
    const below = backs.map((at) => made[at]!.block)
    const name = `founding ${String(made.length)}`
    const block = must(
      makeBlock({
        chain: economy.chain,
        height: 1 + Math.max(0, ...below.map(({ header }) => header.height)),
        time,
        backs: below.length === 0 ? [genesisBlockId(economy.chain.id)] : below.map(({ id }) => id),
        payload: bytes(like === undefined ? name : ''),
        pvt: author(by),
        random: () => sha256(bytes(name)),
        ...(like === undefined ? {} : { like: { n: like.n, target: made[like.target]!.block.id } }),
      }),
    )
    made.push(block)
    economy.adopt(block)
  }
  const store = ForgetfulStore.empty()
  const modules = { store, clock: { nowMs: () => START_MS }, log: silentLogger }
  const replica = await Replica.open({ chain: economy.chain, seed: 1 }, modules)
  const outcomes = await replica.ingest(made, 'pull')
  if (outcomes.some(({ state }) => state === 'refused')) throw new Bug('the history is not legal')
  return { economy, store }
}
