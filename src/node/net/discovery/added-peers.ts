/** Static peers added by command or by an invite: kept connected now and after the next start (spec §11). */
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { Discovery } from './discovery.ts'
import type { PeerAddressFault } from '../host/peer-address.ts'
import { parsePeerAddress, parsePeerId, peerIdOf } from '../host/peer-address.ts'
import type { TextList } from '../../storage/records.ts'
import { JobQueue } from '../../base/job-queue.ts'

/** Addresses stored for the next start; a new one evicts the oldest. */
const MAX_ADDED_PEERS = 256

export type AddedPeersFault =
  | PeerAddressFault
  | { readonly code: 'PEER_NOT_ADDED'; readonly which: string }
  | { readonly code: 'PEER_IN_CONFIG'; readonly addresses: readonly string[] }

export interface AddedPeersOptions {
  /** Static peers from the config file. No command removes them. */
  readonly configured: readonly string[]
}

export interface AddedPeersModules {
  readonly list: TextList
  readonly discovery: Discovery
}

/** The result of `peer remove`. */
export interface RemovedPeers {
  readonly removed: readonly string[]
  /** Addresses of the same peer that stay, since the config file names them. */
  readonly configured: readonly string[]
}

export class AddedPeers {
  readonly #configured: readonly string[]
  readonly #list: TextList
  readonly #discovery: Discovery
  readonly #writing = new JobQueue()

  constructor({ configured }: AddedPeersOptions, { list, discovery }: AddedPeersModules) {
    this.#configured = configured.map((address) => multiaddr(address).toString())
    this.#list = list
    this.#discovery = discovery
  }

  /** Stores the addresses and starts to dial. Resolves before any peer has connected. */
  async add(addresses: readonly Multiaddr[]): Promise<void> {
    if (addresses.length === 0) return
    const added = addresses.map(String)
    await this.#writing.run(async () => {
      const known = (await this.#list.load()).filter((entry) => !added.includes(entry))
      await this.#list.save([...known, ...added].slice(-MAX_ADDED_PEERS))
      for (const address of addresses) this.#discovery.addPeer(address)
    })
  }

  /**
   * Deletes the stored addresses and closes their connections.
   * @param which - an address as typed, or a peer id
   */
  async remove(which: string): Promise<Result<RemovedPeers, AddedPeersFault>> {
    const target = targetOf(which)
    if (!target.ok) return target
    return this.#writing.run(async () => {
      const known = await this.#list.load()
      const peerAt = new Map(this.#discovery.staticPeers().map(({ address, peer }) => [address.toString(), peer]))
      const isTarget = (entry: string): boolean => matches(target.value, multiaddr(entry), peerAt.get(entry))
      const removed = known.filter(isTarget)
      const configured = this.#configured.filter(isTarget)
      if (removed.length === 0) {
        if (configured.length === 0) return fail({ code: 'PEER_NOT_ADDED', which })
        return fail({ code: 'PEER_IN_CONFIG', addresses: configured })
      }
      await this.#list.save(known.filter((entry) => !removed.includes(entry)))
      for (const entry of removed) if (!configured.includes(entry)) await this.#discovery.removePeer(multiaddr(entry))
      return ok({ removed, configured })
    })
  }
}

/** A peer, at one address or at any. */
interface Target {
  readonly bare?: string
  readonly peer?: string
}

function targetOf(which: string): Result<Target, PeerAddressFault> {
  const peer = parsePeerId(which)
  if (peer !== undefined) return ok({ peer })
  const parsed = parsePeerAddress(which)
  return parsed.ok ? ok(partsOf(parsed.value)) : parsed
}

/** Splits the peer id off an address: users often type one without the other. */
function partsOf(address: Multiaddr): Target & { readonly bare: string } {
  const peer = peerIdOf(address)
  return {
    bare: peer === undefined ? address.toString() : address.decapsulate(`/p2p/${peer}`).toString(),
    ...(peer === undefined ? {} : { peer }),
  }
}

/** @param foundPeer - the peer that answered at this address */
function matches({ bare, peer }: Target, address: Multiaddr, foundPeer: string | undefined): boolean {
  const parts = partsOf(address)
  const known = parts.peer ?? foundPeer
  if (bare === undefined) return known === peer
  return parts.bare === bare && (peer === undefined || known === undefined || known === peer)
}
