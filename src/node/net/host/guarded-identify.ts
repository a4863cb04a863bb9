/**
 * Identify with bounds (spec §9). The library reads up to ten messages of 8 KiB each, and parses every address in them
 * before the peer store sees one; here the lists are cut before. It wraps the one method that reads.
 */
import { identify, type Identify } from '@libp2p/identify'
import type { AbortOptions, Connection } from '@libp2p/interface'
import {
  PEER_ADDRESS_BYTES,
  PEER_ADDRESSES,
  PEER_METADATA_BYTES,
  PEER_RECORD_BYTES,
} from '../../../protocol/peer-limits.ts'
import { boundedProtocols } from './peer-store-guard.ts'

/** What a peer says of itself; `signedPeerRecord` repeats the addresses under its signature. */
export interface IdentifyMessage {
  readonly protocolVersion?: string
  readonly agentVersion?: string
  readonly listenAddrs: readonly Uint8Array[]
  readonly protocols: readonly string[]
  readonly observedAddr?: Uint8Array
  readonly signedPeerRecord?: Uint8Array
}

/** The library's class has it; its interface does not declare it. */
interface IdentifyInternals {
  _identify: (connection: Connection, options?: AbortOptions) => Promise<IdentifyMessage>
}

type CreateIdentify = ReturnType<typeof identify>

export function guardedIdentify(): CreateIdentify {
  return (components): Identify => {
    const service = identify()(components)
    const internals = service as unknown as IdentifyInternals
    const read = internals._identify.bind(service)
    internals._identify = async (connection, options) => boundedIdentify(await read(connection, options))
    return service
  }
}

export function boundedIdentify(message: IdentifyMessage): IdentifyMessage {
  const { signedPeerRecord, observedAddr, agentVersion, protocolVersion, ...kept } = message
  // Twice the bound: some may be of no use, and the peer store keeps the first that are.
  const listenAddrs = message.listenAddrs.slice(0, 2 * PEER_ADDRESSES).filter(isShort)
  const hasRecord = signedPeerRecord !== undefined && signedPeerRecord.byteLength <= PEER_RECORD_BYTES
  return {
    ...kept,
    listenAddrs,
    protocols: boundedProtocols(message.protocols),
    ...(hasRecord ? { signedPeerRecord } : {}),
    ...(observedAddr !== undefined && isShort(observedAddr) ? { observedAddr } : {}),
    ...(agentVersion === undefined ? {} : { agentVersion: clipped(agentVersion) }),
    ...(protocolVersion === undefined ? {} : { protocolVersion: clipped(protocolVersion) }),
  }
}

function isShort(address: Uint8Array): boolean {
  return address.byteLength <= PEER_ADDRESS_BYTES
}

/** A character has at most three bytes in UTF-8 for each of its UTF-16 units. */
function clipped(text: string): string {
  return text.slice(0, Math.floor(PEER_METADATA_BYTES / 3))
}
