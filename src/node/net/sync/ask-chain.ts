/**
 * Asks a connected peer whether it has a chain: one `open` (spec §8), outside of a pull, so that a peer that has nothing of
 * it takes no pull slot and is not shown in `status`.
 */
import type { PeerId } from '@libp2p/interface'
import type { Replica } from '../../chain/replica.ts'
import { handshakeOf, openChain } from './handshake.ts'
import type { SyncClient } from './client.ts'

export interface AskModules {
  readonly client: SyncClient
  readonly self: PeerId
}

/**
 * `silent`: the peer could not be asked, or did not answer. A peer that follows another founder has the chain: the pull
 * that follows tells the user.
 */
export type HasChain = 'yes' | 'no' | 'silent'

export async function askForChain(
  replica: Replica,
  peer: PeerId,
  { client, self }: AskModules,
  signal: AbortSignal,
): Promise<HasChain> {
  const stream = await client.stream(peer, { signal })
  if (!stream.ok) return 'silent'
  const opened = await openChain(stream.value, replica, handshakeOf(stream.value, self), signal)
  if (opened.ok || opened.fault.code === 'SYNC_INCOMPATIBLE') return 'yes'
  if (opened.fault.code !== 'SYNC_REFUSED') return 'silent'
  return opened.fault.why === 'busy' ? 'silent' : 'no'
}
