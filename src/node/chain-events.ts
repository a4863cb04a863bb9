/** What is told of blocks that a chain accepted, to local apps and to whoever spreads them. Decides nothing. */
import type { Header } from '../dag/block.ts'
import type { AuthorKey, BlockId } from '../dag/ids.ts'
import type { NewBlock } from '../dag/store.ts'

/** Where blocks came from: it decides who needs to be told of them. */
export type Origin = 'here' | 'gossip' | 'pull' | 'clock'

/** A change that local apps and peers hear of. */
export interface ChainEvent {
  readonly id: BlockId
  readonly height: number
  readonly author?: AuthorKey
  readonly kind: 'post' | 'like'
}

export type ChainListener = (events: readonly ChainEvent[], origin: Origin) => void

export function eventOf(id: BlockId, header: Header): ChainEvent {
  return {
    id,
    height: header.height,
    ...(header.author === undefined ? {} : { author: header.author }),
    kind: header.like === undefined ? 'post' : 'like',
  }
}

/** Of those that were accepted at once, in their order. */
export function eventsOf(blocks: readonly NewBlock[], headers: ReadonlyMap<BlockId, Header>): ChainEvent[] {
  const events: ChainEvent[] = []
  for (const { row, parked } of blocks) {
    const header = headers.get(row.id)
    if (parked === undefined && header !== undefined) events.push(eventOf(row.id, header))
  }
  return events
}
