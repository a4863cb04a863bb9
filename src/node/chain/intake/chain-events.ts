/** The events of a chain that local apps, and the rooms that announce it, hear of. */
import type { AuthorKey, BlockId } from '../../../dag/ids.ts'
import type { ChainState } from '../../../reputation/chain-state.ts'

/** Where a change came from; it decides who has to be told. `held`: `peer held` fetched it; `clock`: time alone changed it. */
export type Origin = 'here' | 'gossip' | 'pull' | 'held' | 'clock'

/** `post` and `like`: the block is accepted now. */
export interface ChainEvent {
  readonly id: BlockId
  readonly height: number
  readonly author?: AuthorKey | undefined
  readonly kind: 'post' | 'like' | 'held' | 'hidden' | 'withdrawn'
  /** Of a held post of another node, which is not in the graph: its backs, and the peer that holds it. */
  readonly guest?: { readonly backs: readonly BlockId[]; readonly peer: string }
}

export type ChainListener = (events: readonly ChainEvent[], origin: Origin) => void

export function eventOf(state: ChainState, index: number, kind: ChainEvent['kind']): ChainEvent {
  const { graph } = state
  return { id: graph.id(index), height: graph.height(index), author: state.authorOf(index), kind }
}

/** @param index - of a block that is accepted now */
export function acceptedEvent(state: ChainState, index: number): ChainEvent {
  return eventOf(state, index, state.isPost(index) ? 'post' : 'like')
}

/** Whether it changes what is announced to peers: the heads. */
export function isForPeers({ kind }: ChainEvent): boolean {
  return kind === 'post' || kind === 'like' || kind === 'withdrawn'
}
