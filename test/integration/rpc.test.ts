import type { Stream } from '@libp2p/interface'
import { lpStream } from '@libp2p/utils'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { blockId } from '../../src/dag/ids.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { SyncClient, type RpcFault, type SyncStream } from '../../src/node/net/sync/client.ts'
import { serveSync, type SyncHandler } from '../../src/node/net/sync/server.ts'
import { decodeReply, encodeHello, encodeReply, encodeRequest } from '../../src/protocol/codec.ts'
import { LOADS_IN_FLIGHT, REQUESTS_IN_FLIGHT } from '../../src/protocol/stream-limits.ts'
import { MESSAGE_BYTES } from '../../src/protocol/sync-limits.ts'
import { SYNC_PROTOCOL, type Request } from '../../src/protocol/messages.ts'
import { dial, soon, startHosts, stopAll } from '../support/hosts.ts'

const CHAIN = new Uint8Array(32).fill(1)
const BLOCK = blockId(new Uint8Array(32).fill(2))
const FRAME_BYTES = 256 * 1024
/** Where somebody waits for a hello in vain. */
const HELLO_MS = 200

/** On a busy machine. */
const IN_TIME = { timeout: 20_000 }

interface Pair {
  readonly asker: Host
  readonly server: Host
  readonly client: SyncClient
  /** Breaches, as either side tells of them. */
  readonly faults: { readonly at: 'client' | 'server'; readonly fault: RpcFault }[]
  readonly stopServing: () => Promise<void>
}

let hosts: Host[] = []
let pairs: Pair[] = []
afterEach(async () => {
  for (const { client, stopServing } of pairs) {
    client.stop()
    await stopServing()
  }
  await stopAll(hosts)
  hosts = []
  pairs = []
})

/** Two connected hosts, the second of which answers with `handler`; without one it speaks no sync. */
async function pair(
  handler?: SyncHandler,
  options: { readonly drainMs?: number; readonly receiveMs?: number; readonly helloMs?: number } = {},
): Promise<Pair> {
  hosts = await startHosts(2)
  const [asker, server] = hosts as [Host, Host]
  const faults: Pair['faults'] = []
  const tell = (at: 'client' | 'server') => (_peer: unknown, fault: RpcFault) => void faults.push({ at, fault })
  const common = { log: silentLogger, ...options }
  const stopServing = handler && (await serveSync({ ...common, host: server, handler, onFault: tell('server') }))
  const client = new SyncClient({ ...common, host: asker, onFault: tell('client') })
  await dial(asker, server)
  const made = { asker, server, client, faults, stopServing: stopServing ?? (async () => {}) }
  pairs.push(made)
  return made
}

/** A server that greets as it should and then does as `play` says, by hand. */
async function mischief(play: (stream: Stream) => void | Promise<void>): Promise<Pair> {
  const made = await pair()
  await made.server.libp2p.handle(SYNC_PROTOCOL, async (stream) => {
    await lpStream(stream).write(hello())
    await play(stream)
  })
  return made
}

const hello = (): Uint8Array => encodeHello({ t: 'hello', v: 1, nonce: new Uint8Array(32) })

async function streamOf({ client, server }: Pair): Promise<SyncStream> {
  const stream = await client.stream(server.peerId, { signal: soon() })
  if (!stream.ok) throw new Error(JSON.stringify(stream.fault))
  return stream.value
}

const closeOf = (stream: SyncStream): Promise<void> => new Promise((resolve) => stream.onClose(resolve))

/** Frames are asked for by number here; on the wire an offset is a multiple of their size. */
const frameAt = (index: number): Omit<Extract<Request, { t: 'frame' }>, 'id'> => ({
  t: 'frame',
  chain: CHAIN,
  block: BLOCK,
  offset: index * FRAME_BYTES,
})

const echo: SyncHandler = async (_caller, request) => ({
  t: 'frame',
  id: request.id,
  offset: request.t === 'frame' ? request.offset : 0,
  bytes: new Uint8Array([1]),
})

describe('a stream', () => {
  test('both sides know the same two nonces, and one stream serves everybody who asks', async () => {
    const callers: unknown[] = []
    const made = await pair(async (caller, request, signal) => {
      callers.push(caller.nonces)
      return echo(caller, request, signal)
    })
    const [first, second] = await Promise.all([streamOf(made), streamOf(made)])
    expect(second).toBe(first)
    await first.request(frameAt(0), { signal: soon() })
    expect(callers).toEqual([{ requester: first.nonces.requester, responder: first.nonces.responder }])
    expect(first.nonces.requester).not.toEqual(first.nonces.responder)
  })

  test('two hundred requests interleave, and each gets its own reply, in whatever order they are answered', async () => {
    const first = Promise.withResolvers<undefined>()
    let begun = 0
    let answered = 0
    const made = await pair(async (caller, request, signal) => {
      // The first one waits until the others are through.
      if (++begun === 1) await first.promise
      answered += 1
      if (answered === 199) first.resolve(undefined)
      return echo(caller, request, signal)
    })
    const stream = await streamOf(made)
    const offsets = Array.from({ length: 200 }, (_, index) => index)
    const replies = await Promise.all(offsets.map((offset) => stream.request(frameAt(offset), { signal: soon() })))
    expect(replies.map((reply) => reply.ok && reply.value.t === 'frame' && reply.value.offset / FRAME_BYTES)).toEqual(
      offsets,
    )
  })

  test('64 MiB pass in frames of 256 KiB with no more than four under way at either end', async () => {
    const total = 256
    let atServer = 0
    let atClient = 0
    let mostAtServer = 0
    let mostAtClient = 0
    const made = await pair(async (_caller, request) => {
      mostAtServer = Math.max(mostAtServer, ++atServer)
      await Promise.resolve()
      atServer -= 1
      const offset = request.t === 'frame' ? request.offset : 0
      return { t: 'frame', id: request.id, offset, bytes: new Uint8Array(FRAME_BYTES).fill(offset / FRAME_BYTES) }
    })
    const stream = await streamOf(made)
    let next = 0
    let bytes = 0
    const worker = async (): Promise<void> => {
      while (next < total) {
        const index = next++
        mostAtClient = Math.max(mostAtClient, ++atClient)
        const reply = await stream.request(frameAt(index), { signal: soon() })
        atClient -= 1
        if (!reply.ok || reply.value.t !== 'frame') throw new Error(JSON.stringify(reply))
        expect(reply.value.bytes.every((byte) => byte === index)).toBe(true)
        bytes += reply.value.bytes.byteLength
      }
    }
    await Promise.all([worker(), worker(), worker(), worker()])
    expect(bytes).toBe(64 * 1024 * 1024)
    expect(mostAtClient).toBe(4)
    expect(mostAtServer).toBeLessThanOrEqual(4)
  })

  test('it ends when the peer is gone, and the next one is new', async () => {
    const made = await pair(echo)
    const stream = await streamOf(made)
    const closed = closeOf(stream)
    await made.asker.libp2p.hangUp(made.server.peerId)
    await closed
    expect(stream.closed).toBe(true)
    expect(await stream.request(frameAt(0), { signal: soon() })).toMatchObject({
      ok: false,
      fault: { code: 'RPC_CLOSED' },
    })
    await dial(made.asker, made.server)
    const again = await streamOf(made)
    expect(again).not.toBe(stream)
    expect(again.nonces.requester).not.toEqual(stream.nonces.requester)
    expect((await again.request(frameAt(0), { signal: soon() })).ok).toBe(true)
  })

  test('a request that the caller gives up does no harm to the others', async () => {
    const parked = Promise.withResolvers<undefined>()
    const made = await pair(async (caller, request, signal) => {
      if (request.t === 'frame' && request.offset === FRAME_BYTES) await parked.promise
      return echo(caller, request, signal)
    })
    const stream = await streamOf(made)
    const given = stream.request(frameAt(1), { signal: AbortSignal.timeout(20) })
    expect(await given).toMatchObject({ ok: false, fault: { code: 'RPC_ABORTED' } })
    parked.resolve(undefined)
    expect((await stream.request(frameAt(2), { signal: soon() })).ok).toBe(true)
    expect(made.faults).toEqual([])
  })
})

describe('a server that misbehaves', () => {
  test('says no hello: the stream fails after the deadline', async () => {
    const made = await pair(undefined, { helloMs: HELLO_MS })
    await made.server.libp2p.handle(SYNC_PROTOCOL, () => {})
    const stream = await made.client.stream(made.server.peerId, { signal: soon() })
    expect(stream).toMatchObject({ ok: false, fault: { code: 'RPC_TIMEOUT', ms: HELLO_MS } })
  })

  test('does not speak the protocol: unreachable', async () => {
    const made = await pair()
    const stream = await made.client.stream(made.server.peerId, { signal: soon() })
    expect(stream).toMatchObject({ ok: false, fault: { code: 'RPC_UNREACHABLE' } })
  })

  test('never answers: every request fails when the first is overdue', async () => {
    const made = await pair(
      (_caller, _request, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ t: 'refuse', id: 0, code: 'busy' }))
        }),
    )
    const stream = await streamOf(made)
    const slow = stream.request(frameAt(0), { signal: soon() })
    expect(await stream.request(frameAt(1), { signal: soon(), timeoutMs: 50 })).toMatchObject({
      fault: { code: 'RPC_TIMEOUT', ms: 50 },
    })
    expect(await slow).toMatchObject({ fault: { code: 'RPC_TIMEOUT' } })
    expect(stream.closed).toBe(true)
    expect(made.faults).toEqual([
      { at: 'client', fault: { code: 'RPC_TIMEOUT', peer: made.server.peerId.toString(), ms: 50 } },
    ])
  })

  test.each([
    ['garbage', async (stream: Stream) => lpStream(stream).write(new Uint8Array([0xff])), 'WIRE_MALFORMED'],
    [
      'a reply to a request that was never made',
      async (stream: Stream) => lpStream(stream).write(encodeReply({ t: 'refuse', id: 7, code: 'busy' })),
      'SYNC_UNKNOWN_REPLY',
    ],
    [
      'a frame above the limit',
      async (stream: Stream) => void stream.send(new Uint8Array([0xff, 0xff, 0xff, 0x7f])),
      'WIRE_MALFORMED',
    ],
  ])('sends %s: the stream closes and the fault is told', async (_what, play, code) => {
    const made = await mischief(play)
    const stream = await streamOf(made)
    await closeOf(stream)
    expect(made.faults).toMatchObject([{ at: 'client', fault: { code: 'RPC_MALFORMED', fault: { code } } }])
  })
})

describe('a client that misbehaves', () => {
  async function raw(made: Pair): Promise<Stream> {
    return made.asker.libp2p.dialProtocol(made.server.peerId, SYNC_PROTOCOL, { signal: soon() })
  }

  const closedOf = (stream: Stream): Promise<unknown> =>
    new Promise((resolve) =>
      stream.status === 'open' ? stream.addEventListener('close', resolve) : resolve(undefined),
    )

  test('says no hello: its stream is closed after the deadline', async () => {
    const made = await pair(echo, { helloMs: HELLO_MS })
    const stream = await raw(made)
    stream.addEventListener('message', () => {})
    await closedOf(stream)
    expect(made.faults).toMatchObject([{ at: 'server', fault: { code: 'RPC_TIMEOUT', ms: HELLO_MS } }])
  })

  test('begins a request and does not end it: its stream is closed after the deadline, and it is not to blame', async () => {
    const made = await pair(echo, { receiveMs: 100 })
    const stream = await raw(made)
    await lpStream(stream).write(hello())
    stream.send(new Uint8Array([50, 1]))
    await closedOf(stream)
    const peer = made.asker.peerId.toString()
    expect(made.faults).toEqual([{ at: 'server', fault: { code: 'RPC_TIMEOUT', peer, ms: 100 } }])
  })

  test('sends garbage after the hello: its stream is closed, and the node serves on', async () => {
    const made = await pair(echo)
    const stream = await raw(made)
    const lp = lpStream(stream)
    await lp.write(hello())
    await lp.write(new Uint8Array([0xff]))
    await closedOf(stream)
    expect(made.faults).toMatchObject([
      { at: 'server', fault: { code: 'RPC_MALFORMED', fault: { code: 'WIRE_MALFORMED' } } },
    ])
    expect((await (await streamOf(made)).request(frameAt(0), { signal: soon() })).ok).toBe(true)
  })

  test.each([
    ['small', { t: 'open', chain: new Uint8Array(32) }, REQUESTS_IN_FLIGHT],
    ['large', frameAt(0), LOADS_IN_FLIGHT],
    ['long', { t: 'diff', chain: new Uint8Array(32), have: [] }, LOADS_IN_FLIGHT],
  ] as const)(
    'asks without end for %s replies and reads nothing: the node holds a bounded number',
    async (_size, ask, bound) => {
      let inHand = 0
      let most = 0
      const release = Promise.withResolvers<undefined>()
      const made = await pair(async (_caller, { id }) => {
        most = Math.max(most, ++inHand)
        await release.promise
        inHand -= 1
        return { t: 'refuse', id, code: 'busy' }
      })
      const stream = await raw(made)
      const lp = lpStream(stream)
      await lp.write(hello())
      await lp.read({ signal: soon() })
      for (let id = 1; id <= 1000; id += 1) await lp.write(encodeRequest({ ...ask, id }), { signal: soon() })
      await vi.waitFor(() => expect(inHand).toBe(bound), IN_TIME)
      release.resolve(undefined)
      const seen = new Set<number>()
      while (seen.size < 1000) {
        const reply = decodeReply((await lp.read({ signal: soon() })).subarray())
        if (!reply.ok) throw new Error(reply.fault.code)
        seen.add(reply.value.id)
      }
      expect(most).toBe(bound)
      stream.abort(new Error('done'))
    },
  )

  test('sends more than the node can work off: its writes come to a halt, and go on when there is room', async () => {
    const release = Promise.withResolvers<undefined>()
    const made = await pair(async (_caller, { id }) => {
      await release.promise
      return { t: 'refuse', id, code: 'busy' }
    })
    const stream = await raw(made)
    const lp = lpStream(stream)
    await lp.write(hello())
    await lp.read({ signal: soon() })
    const have = Array.from({ length: 1000 }, (_, index) =>
      blockId(new Uint8Array(32).fill(index % 256).fill(index >> 8, 0, 1)),
    )
    const sent = encodeRequest({ t: 'diff', id: 1, chain: CHAIN, have }).byteLength
    let id = 0
    let isStuck = false
    while (!isStuck && id * sent < 64 * 1024 * 1024) {
      const frame = encodeRequest({ t: 'diff', id: ++id, chain: CHAIN, have })
      isStuck = await lp.write(frame, { signal: AbortSignal.timeout(500) }).then(
        () => false,
        () => true,
      )
    }
    expect([isStuck, stream.status]).toEqual([true, 'open'])
    expect(id * sent).toBeLessThan(8 * 1024 * 1024)
    release.resolve(undefined)
    for (let count = 0; count < id; count += 1) await lp.read({ signal: soon() })
    expect(made.faults).toEqual([])
    stream.abort(new Error('done'))
  })

  test('stops reading while large replies wait: the sender feels it long before its memory does', async () => {
    let answered = 0
    const made = await pair(async (_caller, request) => {
      answered += 1
      return { t: 'frame', id: request.id, offset: 0, bytes: new Uint8Array(FRAME_BYTES) }
    })
    const stream = await raw(made)
    const lp = lpStream(stream, { maxBufferSize: 1024 * 1024 * 1024 })
    await lp.write(hello())
    await lp.read({ signal: soon() })
    stream.pause()
    for (let id = 1; id <= 500; id += 1) await lp.write(encodeRequest({ ...frameAt(0), id }), { signal: soon() })
    // 125 MiB are asked for; what the window and the bound on large replies let out is less than 8.
    await vi.waitFor(() => expect(answered).toBeGreaterThanOrEqual(LOADS_IN_FLIGHT), IN_TIME)
    const ping = await made.asker.ping(made.server.peerId, { signal: soon() })
    expect(ping.ok).toBe(true)
    expect(answered * FRAME_BYTES).toBeLessThan(8 * 1024 * 1024)
    stream.abort(new Error('done'))
  })

  test('reads nothing for too long: its stream is cut, and what waited for it is let go', async () => {
    const large: SyncHandler = async (_caller, { id }) => ({
      t: 'frame',
      id,
      offset: 0,
      bytes: new Uint8Array(FRAME_BYTES),
    })
    const made = await pair(large, { drainMs: 100 })
    const stream = await raw(made)
    const lp = lpStream(stream)
    await lp.write(hello())
    await lp.read({ signal: soon() })
    stream.pause()
    for (let id = 1; id <= 20; id += 1) await lp.write(encodeRequest({ ...frameAt(0), id }), { signal: soon() })
    await closedOf(stream)
    // So short a time may pass on a busy machine while somebody does read.
    const again = async (): Promise<boolean> =>
      (await (await streamOf(made)).request(frameAt(0), { signal: soon() })).ok
    await vi.waitFor(async () => expect(await again()).toBe(true), IN_TIME)
  })

  test('opens more streams than one peer may have: the surplus is reset, the first ones stay', async () => {
    const made = await pair(echo)
    const streams = await Promise.all(Array.from({ length: 4 }, () => raw(made)))
    const lps = streams.map((stream) => lpStream(stream))
    for (const lp of lps) {
      await lp.write(hello())
      await lp.read({ signal: soon() })
    }
    const surplus = await raw(made)
    await closedOf(surplus)
    expect(streams.map(({ status }) => status)).toEqual(['open', 'open', 'open', 'open'])
  })

  test('sends a frame that promises more than the limit: it is refused before its content is taken in', async () => {
    const made = await pair(echo)
    const stream = await raw(made)
    await lpStream(stream).write(hello())
    await lpStream(stream)
      .write(new Uint8Array(MESSAGE_BYTES + 1), { signal: soon() })
      .catch(() => {})
    await closedOf(stream)
    expect(made.faults).toMatchObject([
      { at: 'server', fault: { code: 'RPC_MALFORMED', fault: { code: 'WIRE_MALFORMED' } } },
    ])
  })
})

test('a handler that breaks answers busy, and the stream lives on', async () => {
  const made = await pair(async () => {
    throw new Error('broken')
  })
  const stream = await streamOf(made)
  for (const offset of [0, 1]) {
    expect(await stream.request(frameAt(offset), { signal: soon() })).toMatchObject({
      value: { t: 'refuse', code: 'busy' },
    })
  }
  expect(made.faults).toEqual([])
})
