// What passes on a node's own sync streams, read off the wire: bytes each way, and the cost of each pull as the simulator
// of test/support/sync-sim.ts counts it.
import { decodeReply, decodeRequest } from '../dist/protocol/codec.js'
import { SYNC_PROTOCOL } from '../dist/protocol/messages.js'
import { Cost } from '../test/support/sync-sim.ts'

export class SyncLedger {
  /** On the streams that the node opened: hellos, lengths and messages. */
  sent = 0
  received = 0
  /** One cost per pull; a pull begins with `open`. */
  pulls = []
  /** In which round trip of its pull a request was made, by id; and the latest that was answered. */
  #rounds = new Map()
  #round = 0

  /** Reads along on every sync stream that this host opens from now on. */
  constructor({ libp2p }) {
    const dialProtocol = libp2p.dialProtocol.bind(libp2p)
    libp2p.dialProtocol = async (peer, protocols, options) => {
      const stream = await dialProtocol(peer, protocols, options)
      if (protocols === SYNC_PROTOCOL) this.#readAlong(stream)
      return stream
    }
  }

  /** By what the stream is told and what it tells: a listener of our own would take what comes before the reader's. */
  #readAlong(stream) {
    const requests = messages((frame) => this.#onRequest(frame))
    const replies = messages((frame) => this.#onReply(frame))
    const send = stream.send.bind(stream)
    stream.send = (data) => {
      this.sent += data.byteLength
      requests(data.subarray())
      return send(data)
    }
    const dispatchEvent = stream.dispatchEvent.bind(stream)
    stream.dispatchEvent = (event) => {
      if (event.type === 'message') {
        this.received += event.data.byteLength
        replies(event.data.subarray())
      }
      return dispatchEvent(event)
    }
  }

  #onRequest(frame) {
    const request = decodeRequest(frame).value
    if (request.t === 'open') {
      this.pulls.push(new Cost())
      this.#round = 0
    }
    this.#rounds.set(request.id, this.#round + 1)
    this.pulls.at(-1).ask(request, frame.byteLength, this.#round + 1)
  }

  #onReply(frame) {
    const reply = decodeReply(frame).value
    this.#round = Math.max(this.#round, this.#rounds.get(reply.id))
    this.#rounds.delete(reply.id)
    this.pulls.at(-1).reply(reply, frame.byteLength)
  }
}

/** Cuts what passes one way into messages, and tells of each but the first, which is the hello. */
function messages(onMessage) {
  let rest = new Uint8Array(0)
  let isGreeted = false
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    for (;;) {
      const { length, at } = lengthOf(rest)
      if (length === undefined || rest.byteLength < at + length) return
      if (isGreeted) onMessage(rest.subarray(at, at + length))
      isGreeted = true
      rest = rest.subarray(at + length)
    }
  }
}

/** The varint in front, if all of it is here. */
function lengthOf(bytes) {
  let length = 0
  for (let at = 0; at < bytes.byteLength; at++) {
    length += (bytes[at] & 0x7f) * 2 ** (7 * at)
    if (bytes[at] < 0x80) return { length, at: at + 1 }
  }
  return {}
}
