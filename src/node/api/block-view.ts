/** Blocks as the control port shows them (spec §10): header, state, and the unsealed payload. */
import type { Block } from '../../dag/block.ts'
import { cidTextOfPayload, encodeAad } from '../../dag/codec.ts'
import { labelOf } from '../../dag/content-label.ts'
import { parsePrivateKey } from '../../dag/crypto.ts'
import { resolvePrefix } from '../../dag/id-prefix.ts'
import { showId } from '../../dag/ids.ts'
import { openGroup, openOwner } from '../../dag/seal.ts'
import { explain } from '../../reputation/explain.ts'
import type { Clock } from '../base/clock.ts'
import { mapInSlices } from '../base/slices.ts'
import { ControlError } from '../control/error-codes.ts'
import type { BlockView } from '../control/shapes.ts'
import { orThrow } from './fault-reports.ts'
import { readPayload } from '../chain/payloads.ts'
import type { Replica } from '../chain/replica.ts'

const TAKEN_BACK = 'taken back by its author'
const DISLIKED_AWAY = 'hidden: at least 5 dislikes, and twice as many as likes; likes can bring it back'

/** Ids as shown. */
export function shownIdsOf(replica: Replica, indexes: readonly number[]): string[] {
  return indexes.map((index) => shownIdOf(replica, index))
}

/** Many of them. A settled block keeps its index, so the answer is of the moment of the call. */
export function shownInSlices(replica: Replica, indexes: readonly number[]): Promise<string[]> {
  return mapInSlices(indexes, (index) => shownIdOf(replica, index))
}

export function shownIdOf({ graph }: Replica, index: number): string {
  return showId(graph.height(index), graph.id(index))
}

export function blockView(replica: Replica, index: number, { id, header }: Block, clock: Clock): BlockView {
  const { graph, state: reputation } = replica
  const { pay } = header
  const state = replica.stateOf(index)
  const isAccepted = graph.isAccepted(index)
  const isHidden = isAccepted && reputation.isHidden(index)
  const isTakenBack = isHidden && reputation.isTakenBack(index)
  const why = isHidden ? whyHidden(replica, index) : explain(reputation, index, { state, now: clock.nowMs() })
  return {
    id: showId(header.height, id),
    height: header.height,
    time: header.time,
    ...(header.author === undefined ? {} : { author: header.author }),
    backs: shownIdsOf(replica, graph.backs(index)),
    ...(header.like === undefined
      ? {}
      : { like: { n: header.like.n, target: showTarget(replica, header.like.target) } }),
    ...(header.re === undefined ? {} : { re: showTarget(replica, header.re) }),
    pay: { cid: cidTextOfPayload(pay.id), size: pay.size, seal: pay.seal, ...labelOf(pay) },
    state: isHidden ? 'hidden' : isAccepted ? 'accepted' : 'held',
    reps: reputation.repsOfPost(index),
    why,
    ...(isTakenBack ? { takenBack: true } : {}),
    ...(replica.isOurs(index) ? { ours: true } : {}),
    // Fetched by command; which peer gave it is not remembered.
    ...(state === 'guest' ? { heldBy: [] } : {}),
  }
}

function whyHidden({ state }: Replica, index: number): string {
  return state.isTakenBack(index) ? TAKEN_BACK : DISLIKED_AWAY
}

/** The id of a block that another one names: as shown, or bare where it is not in the graph. */
export function showTarget(replica: Replica, target: Block['id']): string {
  const index = replica.graph.indexOf(target)
  return index === undefined ? target : shownIdOf(replica, index)
}

/** The unsealed payload. @throws {ControlError} it is hidden, missing, or sealed to the owner and no key was given */
export async function openPayload(
  replica: Replica,
  index: number,
  block: Block,
  decrypt: string | undefined,
): Promise<Buffer> {
  const shown = showId(block.header.height, block.id)
  if (replica.state.isHidden(index)) {
    throw new ControlError(
      'payload-hidden',
      `the payload of ${shown} is not shown: the post is ${whyHidden(replica, index)}`,
    )
  }
  const stored = await storedPayload(replica, index, block)
  if (stored === undefined) {
    throw new ControlError(
      'payload-missing',
      `the payload of ${shown} is not here yet: no peer has given it to us; it is asked for again`,
    )
  }
  if (block.header.pay.seal !== 'owner') return openForMember(replica, block, stored)
  if (decrypt === undefined) {
    throw new ControlError(
      'payload-sealed',
      `the payload of ${shown} is sealed to the chain's owner: pass the owner's private key with --decrypt`,
    )
  }
  return Buffer.from(orThrow(openOwner(orThrow(parsePrivateKey(decrypt)), stored)))
}

/** The payload as stored; undefined if it is not here. */
export async function storedPayload(replica: Replica, index: number, block: Block): Promise<Uint8Array | undefined> {
  return replica.missing.has(index) ? undefined : await readPayload(replica, block)
}

/** Opens a payload that every member can read: one that is not sealed to the owner. */
export function openForMember(replica: Replica, { header }: Block, stored: Uint8Array): Buffer {
  const { key } = replica.chain.params
  return Buffer.from(key === undefined ? stored : orThrow(openGroup(key, encodeAad(header), stored)))
}

/** The local index of an accepted or held block that is here; never the genesis. @throws {ControlError} */
export function keptBlock(replica: Replica, id: string): number {
  const index = orThrow(resolvePrefix(replica.graph, id, (found) => replica.isKept(found)))
  if (index > 0) return index
  throw new ControlError(
    'block-not-found',
    "the genesis is derived from the chain's name and keys: it has no block to get",
  )
}
