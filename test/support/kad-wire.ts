/** Messages of the DHT by hand, so that a test can ask and answer whatever it likes. */
import type { PeerId, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { decode, encode } from 'it-length-prefixed'
import { readChunks } from '../../src/node/net/host/streams.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { KAD_PROTOCOL } from '../../src/protocol/messages.ts'
import { soon } from './hosts.ts'

const TYPES = ['PUT_VALUE', 'GET_VALUE', 'ADD_PROVIDER', 'GET_PROVIDERS', 'FIND_NODE', 'PING'] as const

export interface WirePeer {
  readonly id: Uint8Array
  readonly addresses: readonly Uint8Array[]
}

export interface WireMessage {
  readonly type: (typeof TYPES)[number]
  readonly key?: Uint8Array
  readonly record?: Uint8Array
  readonly closer?: readonly WirePeer[]
  readonly providers?: readonly WirePeer[]
}

export function wirePeer(id: PeerId, addresses: readonly Multiaddr[]): WirePeer {
  return { id: id.toMultihash().bytes, addresses: addresses.map(({ bytes }) => bytes) }
}

export function encodeKad({ type, key, record, closer = [], providers = [] }: WireMessage): Uint8Array {
  return Buffer.concat([
    ...[Buffer.of(8, TYPES.indexOf(type))],
    ...(key === undefined ? [] : [field(2, key)]),
    ...(record === undefined ? [] : [field(3, record)]),
    ...closer.map((peer) => field(8, encodePeer(peer))),
    ...providers.map((peer) => field(9, encodePeer(peer))),
  ])
}

function encodePeer({ id, addresses }: WirePeer): Uint8Array {
  return Buffer.concat([field(1, id), ...addresses.map((address) => field(2, address))])
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(number * 8 + 2), encode.single(bytes).subarray()])
}

export function decodeKad(bytes: Uint8Array): WireMessage {
  const fields = fieldsOf(bytes)
  const all = (number: number): Uint8Array[] => fields.flatMap((one) => (one.number === number ? [one.bytes] : []))
  const [key] = all(2)
  const type = TYPES[fields.find(({ number }) => number === 1)?.value ?? 0] ?? 'PUT_VALUE'
  const peers = (number: number): WirePeer[] => all(number).map(decodePeer)
  return { type, ...(key === undefined ? {} : { key }), closer: peers(8), providers: peers(9) }
}

function decodePeer(bytes: Uint8Array): WirePeer {
  const fields = fieldsOf(bytes)
  return {
    id: fields.find(({ number }) => number === 1)?.bytes ?? new Uint8Array(),
    addresses: fields.filter(({ number }) => number === 2).map((one) => one.bytes),
  }
}

interface Field {
  readonly number: number
  readonly value: number
  readonly bytes: Uint8Array
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): number => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * unit
      if (byte < 128) return value
    }
  }
  while (at < bytes.byteLength) {
    const tag = varint()
    const value = varint()
    const length = (tag & 7) === 2 ? value : 0
    fields.push({ number: tag >> 3, value, bytes: bytes.subarray(at, at + length) })
    at += length
  }
  return fields
}

/** Sends raw bytes on a stream of the DHT, and gives back the replies until the stream ends; both may be none. */
export async function askKad(from: Host, to: PeerId, ...messages: readonly Uint8Array[]): Promise<WireMessage[]> {
  const stream = await from.libp2p.dialProtocol(to, KAD_PROTOCOL, { signal: soon() })
  const replies: WireMessage[] = []
  const read = (async () => {
    for await (const reply of decode(readChunks(stream))) replies.push(decodeKad(reply.subarray()))
  })().catch(() => undefined)
  for (const message of messages) if (stream.status === 'open') stream.send(encode.single(message))
  await stream.close({ signal: soon() }).catch(() => undefined)
  await read
  return replies
}

/** This host answers requests of the DHT, which must be off on it, with what `answer` says. */
export async function answerKad(host: Host, answer: (request: WireMessage) => Uint8Array): Promise<void> {
  await host.libp2p.handle(KAD_PROTOCOL, async (stream: Stream) => {
    for await (const request of decode(readChunks(stream))) {
      stream.send(encode.single(answer(decodeKad(request.subarray()))))
    }
  })
}
