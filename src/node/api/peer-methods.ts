/** The control port's `peer` methods (spec §10, §11): single uses of what the node otherwise does by itself. */
import type { PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import { showChainId } from '../../dag/chain.ts'
import { showId } from '../../dag/ids.ts'
import { fail, type Result } from '../../dag/result.ts'
import type { Offered } from '../../protocol/messages.ts'
import type { Handlers, ResultOf } from '../control/schema.ts'
import type { Host } from '../net/host/host.ts'
import type { NodeParts } from './node-parts.ts'
import { orThrow } from './fault-reports.ts'
import { checkPeer } from './peer-check.ts'
import { listPeers } from './peer-list.ts'
import { IS_SELF, IS_TWIN } from '../net/host/faults.ts'
import { parsePeerAddress, parsePeerId, type PeerAddressFault } from '../net/host/peer-address.ts'
import { withDeadline } from '../base/deadline.ts'

/** Deadline of a dial by command, so that a wrong address does not hang. */
const DIAL_MS = 15_000

type PeerHandlers = Pick<
  Handlers,
  `peer.${'list' | 'add' | 'remove' | 'ping' | 'chains' | 'send' | 'recv' | 'held' | 'check'}`
>

export function peerHandlers(parts: NodeParts): PeerHandlers {
  const { host, chains, addedPeers } = parts
  const dial = (address: Multiaddr | PeerId, signal: AbortSignal): ReturnType<Host['connect']> =>
    withDeadline({ ms: DIAL_MS, signal }, (deadline) => host.connect(address, { signal: deadline }))
  const another = (addr: string): Multiaddr => {
    const address = orThrow(parsePeerAddress(addr))
    return host.isSelf(address) ? orThrow(isSelf(addr)) : address
  }
  const reach = async (addr: string, signal: AbortSignal): Promise<PeerId> => {
    const id = parsePeerId(addr)
    return orThrow(await dial(id === undefined ? another(addr) : anotherPeer(id, addr), signal))
  }
  const anotherPeer = (id: string, typed: string): PeerId =>
    id === host.peerId.toString() ? orThrow(isSelf(typed)) : peerIdFromString(id)
  return {
    'peer.list': () => Promise.resolve(listPeers(parts)),
    'peer.add': async ({ addr }, { signal }) => {
      const address = orThrow(parsePeerAddress(addr))
      if (host.isSelf(address)) return orThrow(await ownIdAt(parts, address, addr))
      await addedPeers.add([address])
      const peer = await dial(address, signal)
      if (!peer.ok && peer.fault.why === IS_SELF) {
        // A name, or a forwarded port, that leads back here, or a copy of this node.
        await addedPeers.remove(addr)
        return orThrow(await ownIdAt(parts, address, addr))
      }
      return peer.ok ? { id: peer.value.toString(), connected: true } : { connected: false }
    },
    'peer.remove': async ({ addr }) => {
      const { removed, configured } = orThrow(await addedPeers.remove(addr))
      return { removed: [...removed], configured: [...configured] }
    },
    'peer.ping': async ({ addr }, { signal }) => {
      const address = another(addr)
      const ping = await withDeadline({ ms: DIAL_MS, signal }, (deadline) => host.ping(address, { signal: deadline }))
      return { ms: orThrow(ping) }
    },
    'peer.chains': async ({ addr }, { signal }) => {
      const peer = await reach(addr, signal)
      const asked = chains
        .all()
        .map(async ({ replica: { chain }, attached }) =>
          (await attached.sync.isShared(peer, signal)) ? [{ name: chain.params.name, id: showChainId(chain) }] : [],
        )
      return (await Promise.all(asked)).flat()
    },
    'peer.send': async ({ addr, chain }, { signal }) => {
      const { attached } = orThrow(chains.find(chain))
      return transferOf(orThrow(await attached.sync.offer(await reach(addr, signal), signal)))
    },
    'peer.recv': async ({ addr, chain }, { signal }) => {
      const { attached } = orThrow(chains.find(chain))
      return transferOf(orThrow(await attached.sync.receive(await reach(addr, signal), signal, { isAsked: true })))
    },
    'peer.held': async ({ addr, chain }, { signal }) => {
      const { attached, replica } = orThrow(chains.find(chain))
      const ids = orThrow(await attached.sync.fetchHeld(await reach(addr, signal), signal))
      return { ids: ids.map((id) => showId(replica.graph.height(replica.graph.indexOf(id) ?? 0), id)) }
    },
    'peer.check': async ({ addr, chain }, { signal }) => {
      // Its own steps say what is wrong with an address.
      const address = orThrow(parsePeerAddress(addr))
      const asked = chain === undefined ? {} : { replica: orThrow(chains.find(chain)).replica }
      return checkPeer({ address, ...asked }, parts, signal)
    },
  }
}

/** The reason to refuse an address that shows this node's own id: it is this node, or another one with its key. */
async function ownIdAt(
  { probeOwnId, twin }: NodeParts,
  address: Multiaddr,
  text: string,
): Promise<Result<never, PeerAddressFault>> {
  await probeOwnId(address)
  const isTwin = twin()?.through === address.toString()
  return isTwin ? fail({ code: 'PEER_BAD_ADDRESS', text, why: IS_TWIN }) : isSelf(text)
}

function isSelf(text: string): Result<never, PeerAddressFault> {
  return fail({ code: 'PEER_BAD_ADDRESS', text, why: IS_SELF })
}

function transferOf({ fresh, missing, delayed }: Offered): ResultOf<'peer.recv'> {
  return { new: fresh, missing, ...(delayed === undefined ? {} : { delayed }) }
}
