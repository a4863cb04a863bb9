/**
 * `chain.blocks` (spec §10): many blocks in one answer, the last ones in order or those named. The cost is proportional
 * to the answer, not to the length of the chain; between slices of it others get a turn.
 */
import type { Block } from '../../dag/block.ts'
import type { AuthorKey } from '../../dag/ids.ts'
import { inOrder, lastInOrder } from '../../dag/order.ts'
import { openForMember, storedPayload, blockView } from './block-view.ts'
import type { Clock } from '../base/clock.ts'
import { Slices } from '../base/slices.ts'
import { blockOfStored } from '../chain/intake/stored-blocks.ts'
import type { ListedBlock } from '../control/shapes.ts'
import { lobbyListed } from './lobby-view.ts'
import type { LobbyPost } from '../chain/lobby.ts'
import type { Replica } from '../chain/replica.ts'

/** Blocks read from disk at once. */
const READ_AT_ONCE = 64

/**
 * Bytes of payloads in one answer: in base64 a sixth of what a client accepts (`ANSWER_BYTES`), and affordable on a
 * phone.
 */
const ANSWER_PAYLOAD_BYTES = 16 * 1024 * 1024

export interface BlockChoice {
  /** How many blocks from the end of what `traverse all` lists. */
  readonly last?: number
  /** Local indexes of kept blocks, and posts in the lobby; listed in this order. */
  readonly blocks?: readonly (number | LobbyPost)[]
  /** Includes payloads up to this length. */
  readonly payloadBytes?: number
  /** Whom the lens reaches (spec §4), if it was asked for. */
  readonly reached?: ReadonlySet<AuthorKey>
}

export async function listBlocks(replica: Replica, choice: BlockChoice, clock: Clock): Promise<ListedBlock[]> {
  const chosen = choice.blocks ?? lastOf(replica, choice.last ?? 0)
  const budget = new Budget(choice.payloadBytes ?? 0)
  const listed: ListedBlock[] = []
  const slices = new Slices()
  // From the end: if the payloads exceed the answer, the newest ones are included.
  for (let end = chosen.length; end > 0; end -= READ_AT_ONCE) {
    const slice = chosen.slice(Math.max(0, end - READ_AT_ONCE), end)
    const indexes = slice.filter((one) => typeof one === 'number')
    const read = await replica.storedBlocks(indexes)
    const stored = new Map(indexes.map((index, at) => [index, read[at]]))
    for (const index of slice.reverse()) {
      if (slices.isOver) await slices.next()
      if (typeof index !== 'number') {
        const payloadBytes = budget.take(index.block.header.pay.size) ? choice.payloadBytes : 0
        const listedGuest = choice.payloadBytes === undefined ? { clock } : { clock, payloadBytes }
        listed.push(lobbyListed(replica, index, listedGuest))
        continue
      }
      // It was dropped while others were read.
      if (!replica.isKept(index)) continue
      const block = blockOfStored(index, stored.get(index))
      const content =
        choice.payloadBytes === undefined ? {} : { content: await contentOf(replica, index, block, budget) }
      listed.push({
        ...blockView(replica, index, block, clock),
        ...content,
        ...trustIn(replica, index, choice.reached),
      })
    }
  }
  return listed.reverse()
}

/** Posts in groups and those of owners need nobody's trust. */
function trustIn(
  { state }: Replica,
  index: number,
  reached: ReadonlySet<AuthorKey> | undefined,
): { readonly trusted?: boolean } {
  const author = state.authorOf(index)
  if (reached === undefined) return {}
  return { trusted: state.isUnlimited(index) || (author !== undefined && reached.has(author)) }
}

function lastOf(replica: Replica, limit: number): (number | LobbyPost)[] {
  const held = inOrder(replica.graph, replica.blocked())
  return [...lastInOrder(replica.graph, limit), ...held, ...replica.guests.inLobby()].slice(-limit)
}

/** The bytes left for payloads in an answer. */
class Budget {
  readonly #each: number
  #left = ANSWER_PAYLOAD_BYTES

  constructor(each: number) {
    this.#each = each
  }

  take(bytes: number): boolean {
    if (bytes > this.#each || bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}

async function contentOf(
  replica: Replica,
  index: number,
  block: Block,
  budget: Budget,
): Promise<NonNullable<ListedBlock['content']>> {
  const { pay } = block.header
  if (replica.state.isHidden(index)) return { is: 'hidden' }
  if (replica.missing.has(index)) return { is: 'missing' }
  if (pay.seal === 'owner') return { is: 'sealed' }
  if (!budget.take(pay.size)) return { is: 'long' }
  const stored = await storedPayload(replica, index, block)
  if (stored === undefined) return { is: 'missing' }
  return { is: 'here', payload: openForMember(replica, block, stored).toString('base64') }
}
