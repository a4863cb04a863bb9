/** What is told of a chain's blocks, to local apps and to whoever spreads them. Decides nothing. */
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'

/** Where blocks came from: it decides who needs to be told of them. `held`: asked of one peer by command. */
export type Origin = 'here' | 'gossip' | 'pull' | 'held' | 'clock'

/** A change that local apps and peers hear of. `post` and `like` are accepted. */
export interface ChainEvent {
  readonly id: BlockId
  readonly height: number
  readonly author?: AuthorKey | undefined
  readonly kind: 'post' | 'like' | 'held' | 'hidden' | 'withdrawn'
}

export type ChainListener = (events: readonly ChainEvent[], origin: Origin) => void

export function eventOf(reputation: ChainState, index: number, kind: ChainEvent['kind']): ChainEvent {
  const { graph } = reputation
  return { id: graph.id(index), height: graph.height(index), author: reputation.authorOf(index), kind }
}

/** Of a block that is accepted now. */
export function acceptedEvent(reputation: ChainState, index: number): ChainEvent {
  return eventOf(reputation, index, reputation.isPost(index) ? 'post' : 'like')
}

/** Whether it changes what the chain's peers should hear of: the heads. */
export function isForPeers({ kind }: ChainEvent): boolean {
  return kind === 'post' || kind === 'like' || kind === 'withdrawn'
}
