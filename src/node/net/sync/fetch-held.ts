/**
 * Fetches a peer's held posts on request of the user (spec §5 *Held*, `peer held`): one `held` request, then the blocks
 * as in a pull.
 */
import type { Block } from '../../../dag/header.ts'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { NO_OTHER_PULLS } from '../../../protocol/claims.ts'
import { blockVerdict, type ProtocolFault } from '../../../protocol/faults.ts'
import { Fetch, type PulledBlock } from '../../../protocol/fetch.ts'
import { HELD_SLOTS } from '../../../protocol/intake-limits.ts'
import { GET_IDS } from '../../../protocol/sync-limits.ts'
import type { Incoming } from '../../chain/intake/validate-block.ts'
import { payloadOfPulled } from './payload-fetch.ts'
import type { Replica } from '../../chain/replica.ts'
import type { RpcFault, SyncStream } from './client.ts'
import type { MayRecheck } from '../../chain/intake/signatures.ts'

/** The command holds no slot of the scheduler, so it never yields. */
const UNHURRIED = { onFrame: () => undefined, shouldYield: () => false }

export interface HeldOptions {
  readonly signal: AbortSignal
  readonly mayRecheck: MayRecheck
}

/**
 * The chain must be open on the stream. Returns the ids of the peer's held posts that are here now, accepted or not.
 */
export async function fetchHeld(
  stream: SyncStream,
  replica: Replica,
  { signal, mayRecheck }: HeldOptions,
): Promise<Result<readonly BlockId[], RpcFault | ProtocolFault>> {
  const { rendezvous: chain } = replica.chain
  const reply = await stream.request({ t: 'held', chain }, { signal })
  if (!reply.ok) return reply
  if (reply.value.t !== 'ids') return fail({ code: 'SYNC_WRONG_REPLY', asked: 'held', got: reply.value.t })
  const listed = reply.value.ids
  const lacking = listed.filter((id) => !replica.has(id))
  const fetched = await fetchBlocks(stream, chain, lacking, signal, (pulled) =>
    payloadOfPulled(pulled, { stream, replica, signal, mayRecheck, ...UNHURRIED }),
  )
  if (!fetched.ok) return fetched
  const stoodOn = new Set(fetched.value.flatMap(({ block }) => block.header.backs))
  const posts = listed.filter((id) => !stoodOn.has(id)).slice(-HELD_SLOTS)
  const outcomes = await replica.ingest(fetched.value, 'held', mayRecheck)
  await replica.keepGuests(posts)
  for (const outcome of outcomes) {
    if (outcome.state !== 'refused' || blockVerdict(outcome.fault) === 'ignore') continue
    return fail({ code: 'SYNC_BAD_BLOCK', block: outcome.id, fault: outcome.fault })
  }
  return ok(posts.filter((id) => replica.has(id)))
}

/** Fetches blocks that the peer listed as held. @param payloadOf - what is taken of a block's payload */
export async function fetchBlocks<P extends Incoming['payload']>(
  stream: SyncStream,
  chain: Uint8Array,
  ids: readonly BlockId[],
  signal: AbortSignal,
  payloadOf: (pulled: PulledBlock) => Promise<Result<P, RpcFault | ProtocolFault>>,
): Promise<Result<{ readonly block: Block; readonly payload: P }[], RpcFault | ProtocolFault>> {
  const fetch = new Fetch(ids, { has: () => false, claims: NO_OTHER_PULLS, batchSize: () => GET_IDS })
  const incoming: { readonly block: Block; readonly payload: P }[] = []
  for (let tag = 1; !fetch.isDone; tag += 1) {
    const asked = fetch.ask(tag)
    if (asked !== undefined) {
      const reply = await stream.request({ t: 'get', chain, ids: asked }, { signal })
      if (!reply.ok) return reply
      if (reply.value.t !== 'blocks') return fail({ code: 'SYNC_WRONG_REPLY', asked: 'get', got: reply.value.t })
      const taken = fetch.take(tag, reply.value)
      if (!taken.ok) return taken
    }
    const arrived = fetch.toStore()
    if (arrived === undefined) continue
    for (const pulled of arrived) {
      const payload = await payloadOf(pulled)
      if (!payload.ok) return payload
      incoming.push({ block: pulled.block, payload: payload.value })
    }
    fetch.stored()
  }
  return ok(incoming)
}
