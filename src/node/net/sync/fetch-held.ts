/**
 * Fetches a peer's held posts on request of the user (spec §5 *Held*, `peer held`): one `held` request, then the blocks
 * as in a pull.
 */
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import { NO_OTHER_PULLS } from '../../../protocol/claims.ts'
import { blockVerdict, type ProtocolFault } from '../../../protocol/faults.ts'
import { Fetch } from '../../../protocol/fetch.ts'
import { GET_IDS, HELD_SLOTS } from '../../../protocol/limits.ts'
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
  const fetched = await fetchBlocks(
    stream,
    replica,
    listed.filter((id) => !replica.has(id)),
    { signal, mayRecheck },
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

async function fetchBlocks(
  stream: SyncStream,
  replica: Replica,
  ids: readonly BlockId[],
  { signal, mayRecheck }: HeldOptions,
): Promise<Result<Incoming[], RpcFault | ProtocolFault>> {
  const { rendezvous: chain } = replica.chain
  const fetch = new Fetch(ids, { has: () => false, claims: NO_OTHER_PULLS, batchSize: () => GET_IDS })
  const incoming: Incoming[] = []
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
      const payload = await payloadOfPulled(pulled, { stream, replica, signal, mayRecheck, ...UNHURRIED })
      if (!payload.ok) return payload
      incoming.push({ block: pulled.block, payload: payload.value })
    }
    fetch.stored()
  }
  return ok(incoming)
}
