/**
 * Keeps the number of open connections within the slots (spec §9): whoever connects gets in, and the least useful
 * connection is closed for it. libp2p's own bound and pruner are off (`libp2p-options.ts`).
 */
import type { Connection } from '@libp2p/interface'
import type { Libp2p } from 'libp2p'
import { CONNECTIONS_PER_PEER } from '../../../protocol/stream-limits.ts'
import type { Logger } from '../../base/log.ts'
import type { SharesOf } from './address-shares.ts'
import { leastUseful, type Slot } from './least-useful.ts'
import { StreamCut } from './streams.ts'
import type { UsefulPeers } from './useful-peers.ts'

export interface SlotOptions {
  /** Open connections, both ways. */
  readonly slots: number
  readonly sharesOf: SharesOf
}

export interface SlotModules {
  readonly useful: UsefulPeers
  readonly log: Logger
  /** In 0 … 1; the default is `Math.random`. */
  readonly random?: () => number
}

export function limitConnections(libp2p: Libp2p, options: SlotOptions, modules: SlotModules): void {
  const { useful, log, random = Math.random } = modules
  const slotOf = (connection: Connection): Slot & { readonly connection: Connection } => {
    const peer = connection.remotePeer.toString()
    return {
      connection,
      isDialled: connection.direction === 'outbound',
      isStatic: useful.isStatic(peer),
      hasGiven: useful.hasGiven(peer),
      sharesChain: useful.sharesChain(peer),
      openedMs: connection.timeline.open,
      shares: options.sharesOf(connection.remoteAddr),
    }
  }
  const close = (connection: Connection, why: string): void => {
    log.debug('peer.slot-taken', { peer: connection.remotePeer.toString(), why })
    connection.abort(new StreamCut(why))
  }

  libp2p.addEventListener('connection:open', ({ detail: opened }) => {
    // The oldest goes first: after a change of the line it is the dead one.
    const ofPeer = libp2p.getConnections(opened.remotePeer).filter(isOpen)
    const surplus = ofPeer.toSorted((a, b) => a.timeline.open - b.timeline.open).slice(0, -CONNECTIONS_PER_PEER)
    for (const connection of surplus) close(connection, 'the peer has newer ones')

    const all = libp2p.getConnections().filter(isOpen)
    if (all.length <= options.slots || opened.status !== 'open') return
    const newcomer = slotOf(opened)
    const others = all.filter((connection) => connection !== opened).map(slotOf)
    const choice = { slots: options.slots, nowMs: Date.now(), random: random() }
    const victim = leastUseful(others, newcomer, choice)?.connection
    if (victim !== undefined) close(victim, 'all slots are taken')
    else if (!newcomer.isStatic) close(opened, 'all slots are taken by more useful peers')
  })
}

function isOpen(connection: Connection): boolean {
  return connection.status === 'open'
}
