/** Held posts of other nodes that are in the lobby (spec §5), as the control port shows them: they are in no graph. */
import { cidTextOfPayload } from '../../dag/codec.ts'
import { labelOf } from '../../dag/content-label.ts'
import { parseTypedId } from '../../dag/id-prefix.ts'
import { showId } from '../../dag/ids.ts'
import { whyHeldBy } from '../../reputation/explain.ts'
import type { Clock } from '../base/clock.ts'
import type { LobbyPost } from '../chain/lobby.ts'
import type { Replica } from '../chain/replica.ts'
import { ControlError } from '../control/error-codes.ts'
import type { BlockView, ListedBlock } from '../control/shapes.ts'
import { showTarget } from './block-view.ts'

/** The one post in the lobby that a typed id, or the beginning of one, means. An id that the graph knows goes before. */
export function inLobby(replica: Replica, text: string): LobbyPost | undefined {
  const typed = parseTypedId(text)
  if (typed === undefined || replica.graph.startingWith(typed.digits).some((index) => replica.isKept(index)))
    return undefined
  const found = replica.guests
    .inLobby()
    .filter(({ block }) => block.id.startsWith(typed.digits.toUpperCase()))
    .filter(({ block }) => typed.height === undefined || block.header.height === typed.height)
  if (found.length < 2) return found[0]
  throw new ControlError('ambiguous-id', `“${text}” means several blocks: ${found.map(shownOf).join(' ')}`)
}

/** Ids as shown, the longest waiting first. */
export function shownInLobby({ guests }: Replica): string[] {
  return guests.inLobby().map(shownOf)
}

/** Takes such a post into the graph, for a like to link it. */
export async function admitFromLobby(replica: Replica, text: string): Promise<void> {
  const post = inLobby(replica, text)
  if (post !== undefined) await replica.guests.admit(post.block.id)
}

export function lobbyView(replica: Replica, { block: { id, header }, peer }: LobbyPost, clock: Clock): BlockView {
  const { author, height, time, backs, re, pay } = header
  return {
    ...{ id: showId(height, id), height, time },
    ...(author === undefined ? {} : { author }),
    backs: backs.map((back) => showTarget(replica, back)),
    ...(re === undefined ? {} : { re: showTarget(replica, re) }),
    pay: { cid: cidTextOfPayload(pay.id), size: pay.size, seal: pay.seal, ...labelOf(pay) },
    state: 'held',
    reps: 0,
    why: `held: ${whyHeldBy(replica.state, { author, k: 0 }, clock.nowMs())}`,
    heldBy: [peer],
  }
}

/** With the payload, if it is here and has at most so many bytes. */
export function lobbyListed(
  replica: Replica,
  post: LobbyPost,
  { clock, payloadBytes }: { readonly clock: Clock; readonly payloadBytes?: number | undefined },
): ListedBlock {
  const view = lobbyView(replica, post, clock)
  return payloadBytes === undefined ? view : { ...view, content: contentOf(post, payloadBytes) }
}

/** @throws {ControlError} it is sealed, or not here */
export function lobbyPayload(post: LobbyPost): Buffer {
  if (post.block.header.pay.seal === 'owner')
    throw new ControlError(
      'payload-sealed',
      `the payload of ${shownOf(post)} is sealed to the chain's owner: welcome it first`,
    )
  if (post.payload !== 'missing') return Buffer.from(post.payload)
  throw new ControlError(
    'payload-missing',
    `the payload of ${shownOf(post)} is not here yet: it is fetched from the node that holds it once the post is welcomed`,
  )
}

function contentOf({ block, payload }: LobbyPost, payloadBytes: number): NonNullable<ListedBlock['content']> {
  if (payload === 'missing') return { is: 'missing' }
  if (block.header.pay.seal === 'owner') return { is: 'sealed' }
  if (payload.length > payloadBytes) return { is: 'long' }
  return { is: 'here', payload: Buffer.from(payload).toString('base64') }
}

function shownOf({ block: { id, header } }: LobbyPost): string {
  return showId(header.height, id)
}
