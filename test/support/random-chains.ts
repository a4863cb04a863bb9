/** The economies of `economy.ts` as blocks that a replica takes: signed, with payloads; and all that a replica answers. */
import { author, bytes, chain } from './blocks.ts'
import type { Economy } from './economy.ts'
import { backsOf, type TwinBlock, type TwinChain } from './reputation-twin.ts'
import { idsOf, type ForumReplica } from './forum-replicas.ts'
import { makeBlock, type MadeBlock } from '../../src/dag/block.ts'
import type { Chain } from '../../src/dag/chain.ts'
import { sha256, type PrivateKey } from '../../src/dag/crypto.ts'
import { genesisBlockId } from '../../src/dag/ids.ts'

export interface RandomChain {
  readonly chain: Chain
  /** As they were made, pasts first; without those that no program makes, and what stands on them. */
  readonly blocks: readonly MadeBlock[]
}

export function randomChainFrom({ chain: twin, blocks }: Economy): RandomChain {
  const on = chainOf(twin)
  const made = new Map<TwinBlock, MadeBlock>()
  for (const u of blocks) {
    const backs = backsOf(u).map((back) => made.get(back))
    const target = u.like === undefined ? undefined : made.get(u.like.target)
    if (backs.includes(undefined) || (u.like !== undefined && target === undefined)) continue
    const result = makeBlock({
      chain: on,
      height: u.height,
      time: u.time,
      backs: backs.length === 0 ? [genesisBlockId(on.id)] : backs.flatMap((back) => back?.block.id ?? []),
      payload: bytes(u.like === undefined ? u.id.slice(0, 1 + (u.time % 40)) : ''),
      random: () => sha256(bytes(u.id)),
      ...(u.author === undefined ? {} : { pvt: pairOf(u.author) }),
      ...(u.like === undefined || target === undefined ? {} : { like: { n: u.like.n, target: target.block.id } }),
    })
    if (result.ok) made.set(u, result.value)
  }
  return { chain: on, blocks: [...made.values()] }
}

function chainOf({ kind, pioneers, owner }: TwinChain): Chain {
  if (kind === 'forum') return chain('#forum', ...pioneers.map((key) => pairOf(key).author))
  if (kind === 'group') return chain('$group', 'AB'.repeat(32))
  const by = pairOf(owner ?? '0').author
  return chain(kind === 'identity' ? `@${by}` : `@!${by}`)
}

/** The twin's authors are numbers in hex. */
function pairOf(key: string): PrivateKey {
  return author(1 + parseInt(key, 16))
}

/** What everybody with the same blocks answers at the same time. */
export function answersOf(on: ForumReplica) {
  const { graph, state: reputation } = on.replica
  const accepted = Array.from({ length: graph.size }, (_, index) => index).filter(
    (index) => index > 0 && graph.isAccepted(index),
  )
  return {
    blocks: accepted.map((index) => aboutBlock(on, index)).sort(),
    heads: idsOf(on, graph.heads()).sort(),
    authors: reputation
      .authors()
      .sort()
      .map((by) => `${by} ${String(reputation.repsOf(by, on.clock.nowMs()))}`),
    pioneer: reputation.pioneer,
  }
}

/** The same, and what is this replica's own and in its store. */
export function everythingOf(on: ForumReplica) {
  const { replica } = on
  const kept = Array.from({ length: replica.graph.size }, (_, index) => index).filter(
    (index) => index > 0 && replica.isKept(index),
  )
  return {
    ...answersOf(on),
    kept: kept.map((index) => aboutBlock(on, index)),
    held: idsOf(on, replica.held()),
    blocked: idsOf(on, replica.blocked()),
    missing: idsOf(on, replica.missing).sort(),
    accepted: replica.blocks,
    bytes: replica.bytes,
  }
}

function aboutBlock({ replica }: ForumReplica, index: number): string {
  const { graph, state: reputation } = replica
  const facts = [graph.id(index), replica.stateOf(index), reputation.k(index), reputation.repsOfPost(index)]
  return `${facts.join(' ')}${reputation.isHidden(index) ? ' hidden' : ''}`
}
