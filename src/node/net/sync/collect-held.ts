/**
 * Asks one peer for its held posts and puts them into the lobby (spec §8, *Collecting*): one `held` request, then as many
 * blocks as can get a slot. Long payloads are not fetched before somebody welcomes the post.
 */
import type { PeerId } from '@libp2p/interface'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { blockVerdict, type ProtocolFault } from '../../../protocol/faults.ts'
import { COLLECT_TIMEOUT_MS } from '../../../protocol/newcomer-limits.ts'
import { withDeadline } from '../../base/deadline.ts'
import type { Giver } from '../../chain/guests.ts'
import type { Replica } from '../../chain/replica.ts'
import { openOn, type CommandedModules } from './commanded.ts'
import { isRpcFault } from './faults.ts'
import { fetchBlocks } from './fetch-held.ts'
import type { RpcFault, SyncStream } from './client.ts'

export interface CollectModules extends CommandedModules {
  /** What the peer's connection counts against. */
  readonly share: (peer: string) => string
  /** Something that a post of the peer stands on is not here: pull from it. */
  readonly onBehind: (peer: string) => void
}

/** Whether the peer answered as it should, within `COLLECT_TIMEOUT_MS`. */
export async function collectHeld(peer: PeerId, modules: CollectModules, signal: AbortSignal): Promise<boolean> {
  return withDeadline({ ms: COLLECT_TIMEOUT_MS, signal }, (deadline) => collect(peer, modules, deadline))
}

type Collected = 'all' | 'behind'

async function collect(peer: PeerId, modules: CollectModules, signal: AbortSignal): Promise<boolean> {
  const { replica, mayRecheck, share, onBehind, onFault } = modules
  // In a forum that nobody founded no post is held.
  if (replica.needsFounder) return true
  const opened = await openOn(peer, modules, signal)
  if (!opened.ok) return false
  const id = peer.toString()
  const giver: Giver = { peer: id, share: share(id), mayRecheck: () => mayRecheck(id) }
  const taken = await take(opened.value.stream, replica, giver, signal)
  if (!taken.ok) {
    if (!isRpcFault(taken.fault)) onFault(id, taken.fault)
    return false
  }
  if (taken.value === 'behind') onBehind(id)
  return true
}

async function take(
  stream: SyncStream,
  replica: Replica,
  giver: Giver,
  signal: AbortSignal,
): Promise<Result<Collected, RpcFault | ProtocolFault>> {
  const reply = await stream.request({ t: 'held', chain: replica.chain.rendezvous }, { signal })
  if (!reply.ok) return reply
  if (reply.value.t !== 'ids') return fail({ code: 'SYNC_WRONG_REPLY', asked: 'held', got: reply.value.t })
  const wanted = replica.guests.listedBy(giver, reply.value.ids)
  const fetched = await fetchBlocks(stream, replica.chain.rendezvous, wanted, signal, ({ state, payload }) =>
    Promise.resolve(ok(state === 'inline' ? (payload ?? ('missing' as const)) : ('missing' as const))),
  )
  if (!fetched.ok) return fetched
  let isBehind = false
  for (const { block, payload } of fetched.value) {
    const offered = await replica.guests.offer({ block, payload }, giver)
    if (offered.ok) continue
    const { fault } = offered
    if (blockVerdict(fault) === 'reject') return fail({ code: 'SYNC_BAD_BLOCK', block: block.id, fault })
    isBehind ||= fault.code === 'DAG_MISSING_BACK'
  }
  return ok(isBehind ? 'behind' : 'all')
}
