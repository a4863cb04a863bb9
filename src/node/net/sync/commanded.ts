/** What commands ask of one peer besides a pull (spec §10, §11): to take an offer, or for its held posts. */
import type { PeerId } from '@libp2p/interface'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { BlockId } from '../../../dag/ids.ts'
import type { ProtocolFault } from '../../../protocol/faults.ts'
import { OFFER_TIMEOUT_MS } from '../../../protocol/stream-limits.ts'
import type { Offered } from '../../../protocol/messages.ts'
import type { Replica } from '../../chain/replica.ts'
import type { SyncClient, SyncStream } from './client.ts'
import { isRpcFault, type SyncFault } from './faults.ts'
import { fetchHeld } from './fetch-held.ts'
import { founderMissing, handshakeOf, openChain, type Opened } from './handshake.ts'

/** What the peer cannot say in its reply. */
const OFFER_BUSY = 'its pull from here failed, or another offer is not done; `status` of the chain there says more'

/** How a pull came about. */
export interface PullReason {
  /** A command names the peer, or a person waits for the answer. */
  readonly isAsked: boolean
}

export interface CommandedModules {
  readonly client: SyncClient
  readonly replica: Replica
  readonly self: PeerId
  readonly onFault: (peer: string, fault: ProtocolFault) => void
  /** Takes one of the peer's rechecks. */
  readonly mayRecheck: (peer: string, spent?: number) => boolean
}

/** Opens the chain at the peer: it has the chain, and both sides proved their membership. */
export async function openOn(
  peer: PeerId,
  { client, replica, self }: Pick<CommandedModules, 'client' | 'replica' | 'self'>,
  signal: AbortSignal,
): Promise<Result<Opened & { readonly stream: SyncStream }, SyncFault>> {
  const stream = await client.stream(peer, { signal })
  if (!stream.ok) return stream
  const opened = await openChain(stream.value, replica, handshakeOf(stream.value, self), signal)
  return opened.ok ? ok({ ...opened.value, stream: stream.value }) : opened
}

/** Asks the peer to pull from this node. */
export async function offerTo(
  peer: PeerId,
  modules: CommandedModules,
  signal: AbortSignal,
): Promise<Result<Offered, SyncFault>> {
  const { replica } = modules
  const opened = await openOn(peer, modules, signal)
  if (!opened.ok) return opened
  const { stream } = opened.value
  // Nothing would be taken, and the peer cannot say so in its reply.
  const missing = founderMissing(peer, replica, opened.value)
  if (missing !== undefined) return fail(missing)
  const { rendezvous: chain } = replica.chain
  const reply = await stream.request({ t: 'offer', chain }, { signal, timeoutMs: OFFER_TIMEOUT_MS })
  if (!reply.ok) return reply
  if (reply.value.t === 'offered') return ok(reply.value)
  const code = reply.value.t === 'refuse' ? reply.value.code : reply.value.t
  const why = code === 'busy' ? OFFER_BUSY : code
  return fail({ code: 'SYNC_REFUSED', peer: peer.toString(), why })
}

/** Fetches the peer's held posts, after a pull. Returns those that are here now. */
export async function fetchHeldFrom(
  peer: PeerId,
  modules: CommandedModules,
  signal: AbortSignal,
): Promise<Result<readonly BlockId[], SyncFault>> {
  const { replica, mayRecheck, onFault } = modules
  // In a forum that nobody founded no post is held.
  if (replica.needsFounder) return ok([])
  const opened = await openOn(peer, modules, signal)
  if (!opened.ok) return opened
  const fetched = await fetchHeld(opened.value.stream, replica, {
    signal,
    mayRecheck: (spent) => mayRecheck(peer.toString(), spent),
  })
  if (fetched.ok) return fetched
  const { fault } = fetched
  if (isRpcFault(fault)) return fail(fault)
  onFault(peer.toString(), fault)
  return fail({ code: 'SYNC_FAILED', peer: peer.toString(), why: fault.code })
}
