/**
 * What the control port's methods do (spec §10): a thin layer that turns texts into the node's own types and its faults
 * into the port's errors. Rules live below; nothing is decided here.
 */
import { bytesToHex } from '@noble/hashes/utils.js'
import { chainOf, showChainId } from '../../dag/chain.ts'
import { keyPair, sharedKey } from '../../dag/passphrase.ts'
import { chainHandlers } from './chain-methods.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers } from '../control/schema.ts'
import { inviteHandlers, joinInvited } from './invite-methods.ts'
import { listenAll } from './subscriptions.ts'
import type { NodeParts } from './node-parts.ts'
import { orThrow } from './fault-reports.ts'
import { peerHandlers } from './peer-methods.ts'
import { VERSION } from '../base/version.ts'

export function createHandlers(parts: NodeParts): Handlers {
  return {
    ...hostHandlers(parts),
    ...chainsHandlers(parts),
    ...inviteHandlers(parts),
    ...chainHandlers(parts),
    ...peerHandlers(parts),
  }
}

function hostHandlers({
  clock,
  host,
  chains,
  info,
}: NodeParts): Pick<Handlers, 'host.info' | 'host.now' | 'keys.shared' | 'keys.pubpvt'> {
  return {
    'host.info': () =>
      Promise.resolve({
        version: VERSION,
        peerId: host.peerId.toString(),
        addresses: host.addresses(),
        control: info.control(),
        dataDir: info.dataDir,
        chains: chains.all().length,
        peers: host.connections().length,
        uptimeMs: Math.round(performance.now() - info.startedAt),
      }),
    'host.now': async ({ ms }) => {
      if (ms === undefined) return clock.nowMs()
      if (clock.set === undefined) {
        throw new ControlError(
          'clock-not-settable',
          "this clock is the machine's: start the node with --test-clock to set it",
        )
      }
      clock.set(ms)
      for (const { replica } of chains.all()) await replica.settleClock()
      return clock.nowMs()
    },
    'keys.shared': async ({ passphrase }) => ({ key: bytesToHex(await sharedKey(passphrase)).toUpperCase() }),
    'keys.pubpvt': ({ passphrase }) => keyPair(passphrase),
  }
}

function chainsHandlers(parts: NodeParts): Pick<Handlers, `chains.${'join' | 'leave' | 'list' | 'listen'}`> {
  const { chains } = parts
  return {
    'chains.join': async ({ name, invite, keys = [] }) => {
      if (invite !== undefined) return joinInvited(parts, invite, keys)
      const chain = orThrow(chainOf(name ?? '', keys))
      orThrow(await chains.join(chain, { remember: true }))
      return { id: showChainId(chain), name: chain.params.name }
    },
    'chains.leave': async ({ name }) => {
      const found = chains.find(name)
      return found.ok && (await chains.leave(found.value.replica.chain))
    },
    'chains.list': () =>
      Promise.resolve(
        chains.all().map(({ replica }) => ({ name: replica.chain.params.name, id: showChainId(replica.chain) })),
      ),
    'chains.listen': ({ from }, { signal }) => listenAll(parts, from, signal),
  }
}
