/**
 * Selects the peers of an invite (spec §11): this node, and connected bootstrap peers. Local addresses are useless
 * elsewhere, so public ones are preferred. Pure.
 */
import { isPrivate } from '@libp2p/utils'
import { multiaddr } from '@multiformats/multiaddr'
import { addressComplaint } from '../net/host/address-checks.ts'
import { MAX_INVITE_PEERS } from './invite.ts'
import { isLoopbackOnly, peerIdOf } from '../net/host/peer-address.ts'

/** From where an address can be dialled; widest first. */
const REACHES = ['anywhere', 'network', 'machine'] as const
export type Reach = (typeof REACHES)[number]

/** Addresses of this node: IPv4, IPv6 and a name. The rest of the places is for others. */
const MAX_OWN = 3

export interface InvitePeers {
  /** Multiaddrs ending in `/p2p/<peer id>`, this node's own first. */
  readonly peers: readonly string[]
  /** From where this node can be reached at one of them; absent if it has no address. */
  readonly reach?: Reach
}

/**
 * @param own - addresses that this node announces
 * @param bootstrap - addresses of connected bootstrap peers; all end in `/p2p/…`
 */
export function peersForInvite(own: readonly string[], bootstrap: readonly string[]): InvitePeers {
  const usable = own.filter((address) => addressComplaint(address, 'dial') === undefined)
  const reach = widest(usable)
  const ours = usable.filter((address) => reachOf(address) === reach).slice(0, MAX_OWN)
  // A private address beside public ones would lead a stranger into his own network.
  const least = REACHES.indexOf(reach ?? widest(bootstrap) ?? 'anywhere')
  const self = new Set(ours.map((address) => peerIdOf(multiaddr(address))))
  const others = bootstrap.filter(
    (address) => REACHES.indexOf(reachOf(address)) <= least && !self.has(peerIdOf(multiaddr(address))),
  )
  const peers = [...new Set([...ours, ...others])].slice(0, MAX_INVITE_PEERS)
  return { peers, ...(reach === undefined ? {} : { reach }) }
}

function widest(addresses: readonly string[]): Reach | undefined {
  const reaches = new Set(addresses.map(reachOf))
  return REACHES.find((reach) => reaches.has(reach))
}

function reachOf(text: string): Reach {
  if (isLoopbackOnly([text])) return 'machine'
  return isPrivate(multiaddr(text)) ? 'network' : 'anywhere'
}
