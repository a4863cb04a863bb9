/**
 * Bounds on streams, requests and their time (spec §8), each at the bound and one above it, without a network: the test
 * holds the other end of a stream, and the clock. `test/integration/rpc.test.ts` checks the same over real sockets.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId, Stream } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { blockId } from '../../../../../src/dag/ids.ts'
import { ChainSync } from '../../../../../src/node/net/sync/chain-sync.ts'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import type { RpcFault } from '../../../../../src/node/net/sync/faults.ts'
import { openSyncStream, type OpenSyncStream } from '../../../../../src/node/net/sync/client-stream.ts'
import type { SyncClient } from '../../../../../src/node/net/sync/client.ts'
import { serveSync, type SyncHandler } from '../../../../../src/node/net/sync/server.ts'
import { LengthPrefixDecoder } from '../../../../../src/node/net/host/length-prefix-decoder.ts'
import { MessageWriter, readChunks } from '../../../../../src/node/net/host/streams.ts'
import { pause } from '../../../../../src/node/base/deadline.ts'
import { decodeReply, encodeHello, encodeReply, encodeRequest } from '../../../../../src/protocol/codec.ts'
import {
  ABANDONED_REQUESTS,
  DRAIN_TIMEOUT_MS,
  MESSAGE_TIMEOUT_MS,
  LENGTH_PREFIX_BYTES,
  HELLO_TIMEOUT_MS,
  OFFER_TIMEOUT_MS,
  PROGRESS_BYTES,
  REQUEST_TIMEOUT_MS,
  REQUESTS_IN_FLIGHT,
  SLICE_BYTES,
  SLOWEST_MS,
  SYNC_STREAMS_PER_PEER,
  UNREAD_BYTES,
  UNSENT_BYTES,
} from '../../../../../src/protocol/stream-limits.ts'
import type { Reply, RequestBody } from '../../../../../src/protocol/messages.ts'
import { author, chain, must } from '../../../../support/blocks.ts'
import { FakeStream } from '../../../../support/fake-stream.ts'
import { openReplica } from '../../../../support/replicas.ts'

// It uses Node's own timers, which no test can advance.
vi.mock(import('../../../../../src/node/base/deadline.ts'), async (original) => ({
  ...(await original()),
  pause: vi.fn(),
}))

const HELLO = encodeHello({ t: 'hello', v: 1, nonce: new Uint8Array(32) })
const RENDEZVOUS = new Uint8Array(32)
const OPEN: RequestBody = { t: 'open', chain: RENDEZVOUS }
const FRAME: RequestBody = { t: 'frame', chain: RENDEZVOUS, block: blockId(RENDEZVOUS), offset: 0 }
const OFFER: RequestBody = { t: 'offer', chain: RENDEZVOUS }

/** Waits until all work under way needs time to pass. */
async function still(): Promise<void> {
  for (let n = 0; n < 3; n += 1) await nextTurn()
}

async function after(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms)
  await still()
}

let peer: PeerId
/** Expires the deadline of the hello. */
let helloIsLate: () => void
beforeEach(async () => {
  peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.mocked(pause).mockImplementation(
    (_ms, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(false))
        helloIsLate = () => resolve(!signal.aborted)
      }),
  )
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a stream that is not read', () => {
  test('is paused at the bound and not before, and goes on when half of it is used', async () => {
    const fake = new FakeStream()
    const chunks = readChunks(fake.stream)
    fake.receive(new Uint8Array(UNREAD_BYTES / 2))
    fake.receive(new Uint8Array(UNREAD_BYTES / 2 - 1))
    expect(fake.readStatus).toBe('readable')
    fake.receive(new Uint8Array(1))
    expect(fake.readStatus).toBe('paused')
    await chunks.next()
    await chunks.next()
    expect(fake.readStatus).toBe('readable')
  })

  /** A stream whose reader reads nothing by itself. */
  function unread(frame: Uint8Array): { fake: FakeStream; written: Promise<'written' | 'lost'> } {
    const fake = new FakeStream()
    const writer = new MessageWriter(fake.stream)
    expect(fake.maxWriteBufferLength).toBe(UNSENT_BYTES)
    fake.isFull = true
    const written = writer.write(frame).then(
      () => 'written' as const,
      () => 'lost' as const,
    )
    return { fake, written }
  }

  test('is handed a slice, and is cut when nothing of it was taken for too long', async () => {
    const { fake, written } = unread(new Uint8Array(10 * SLICE_BYTES))
    await after(DRAIN_TIMEOUT_MS - 1)
    expect([fake.status, fake.writeBufferLength]).toEqual(['open', SLICE_BYTES])
    await after(1)
    expect([fake.status, await written]).toEqual(['aborted', 'lost'])
  })

  test.each([
    ['as much as the bound', PROGRESS_BYTES, 'written'],
    ['one byte less', PROGRESS_BYTES - 1, 'lost'],
  ])('and of which a reader takes %s each time: %s bytes', async (_, bytes, end) => {
    const slices = 4
    const { fake, written } = unread(new Uint8Array(slices * SLICE_BYTES - 10))
    const windows = (slices * SLICE_BYTES) / PROGRESS_BYTES
    for (let n = 0; n < windows; n += 1) {
      await after(DRAIN_TIMEOUT_MS - 1)
      fake.drain(bytes)
      await after(1)
    }
    expect(await written).toBe(end)
    expect(fake.status).toBe(end === 'written' ? 'open' : 'aborted')
  })

  test('however steadily it is read is cut in the end', async () => {
    const { fake, written } = unread(new Uint8Array((SLOWEST_MS / DRAIN_TIMEOUT_MS + 2) * SLICE_BYTES))
    await still()
    for (let ms = DRAIN_TIMEOUT_MS; ms < SLOWEST_MS; ms += DRAIN_TIMEOUT_MS) {
      fake.drain(SLICE_BYTES)
      await after(DRAIN_TIMEOUT_MS)
    }
    expect(fake.status).toBe('open')
    fake.drain(SLICE_BYTES)
    await after(DRAIN_TIMEOUT_MS)
    expect([fake.status, await written]).toEqual(['aborted', 'lost'])
  })

  test('but for a while holds up the rest, and all of it comes in order', async () => {
    const fake = new FakeStream()
    const writer = new MessageWriter(fake.stream)
    fake.isFull = true
    const frame = Uint8Array.from({ length: 3 * SLICE_BYTES }, (_, n) => n % 251)
    const written = writer.write(frame)
    for (let n = 0; n < 4; n += 1) {
      await still()
      fake.drain(SLICE_BYTES)
    }
    await written
    const sent = Buffer.concat(fake.sent.map((slice) => slice.subarray()))
    expect(sent.subarray(-frame.byteLength).equals(frame)).toBe(true)
  })
})

describe('the length of a frame', () => {
  const cutOff = (length: readonly number[]): string => {
    const cutter = new LengthPrefixDecoder(2 ** 30)
    try {
      for (const _ of cutter.decode(Uint8Array.from(length))) return 'a frame'
      return cutter.isMidMessage ? 'goes on' : 'nothing'
    } catch (error) {
      return (error as Error).name
    }
  }

  test('has as many bytes as the bound, and not one more, whatever may be in it', () => {
    const longest = [...new Array<number>(LENGTH_PREFIX_BYTES - 1).fill(0xff), 0x7f]
    expect(cutOff(longest)).toBe('goes on')
    expect(cutOff([0xff, ...longest])).toBe('BadLength')
  })
})

describe('who asks', () => {
  interface Asking {
    readonly fake: FakeStream
    readonly stream: OpenSyncStream
    readonly faults: RpcFault[]
  }

  async function asking(): Promise<Asking> {
    const fake = new FakeStream()
    const faults: RpcFault[] = []
    const opening = openSyncStream(fake.stream, {
      peer,
      log: silentLogger,
      onFault: (_peer, fault) => faults.push(fault),
    })
    await still()
    fake.receiveFrame(HELLO)
    return { fake, stream: must(await opening), faults }
  }

  const never = (): AbortSignal => new AbortController().signal

  test('waits for a hello as long as the bound, and no longer', async () => {
    const fake = new FakeStream()
    const opening = openSyncStream(fake.stream, { peer, log: silentLogger })
    expect(vi.mocked(pause).mock.lastCall?.[0]).toBe(HELLO_TIMEOUT_MS)
    helloIsLate()
    expect(await opening).toMatchObject({ fault: { code: 'RPC_TIMEOUT', ms: HELLO_TIMEOUT_MS } })
    expect(fake.status).toBe('aborted')
  })

  test('waits for a reply as long as the bound, also for one that trickles in', async () => {
    const { fake, stream } = await asking()
    const asked = stream.request(OPEN, { signal: never() })
    await still()
    const reply = encodeReply({ t: 'refuse', id: 1, code: 'busy' })
    fake.receive(Uint8Array.of(reply.byteLength))
    const stepMs = REQUEST_TIMEOUT_MS / 3
    for (let n = 0; n < 2; n += 1) {
      await after(stepMs)
      fake.receive(reply.subarray(n, n + 1))
    }
    await after(stepMs - 1)
    expect(fake.status).toBe('open')
    await after(1)
    expect([fake.status, await asked]).toMatchObject(['aborted', { fault: { code: 'RPC_TIMEOUT' } }])
  })

  test('waits on while enough comes in each time, and not for ever', async () => {
    const { fake, stream } = await asking()
    const asked = stream.request(OPEN, { signal: never() })
    for (let id = 2, ms = REQUEST_TIMEOUT_MS; ms < SLOWEST_MS; id += 1, ms += REQUEST_TIMEOUT_MS) {
      void stream.request(FRAME, { signal: never() })
      await after(REQUEST_TIMEOUT_MS - 1)
      fake.receiveFrame(encodeReply({ t: 'frame', id, offset: 0, bytes: new Uint8Array(PROGRESS_BYTES) }))
      await after(1)
      expect(fake.status).toBe('open')
    }
    void stream.request(FRAME, { signal: never() })
    await after(REQUEST_TIMEOUT_MS)
    expect([fake.status, await asked]).toMatchObject(['aborted', { fault: { code: 'RPC_TIMEOUT' } }])
  })

  test.each([
    ['as much as the bound', PROGRESS_BYTES, 'open'],
    ['one byte less', PROGRESS_BYTES - 1, 'aborted'],
  ])('and takes %s for progress: %s bytes', async (_, bytes, status) => {
    const { fake, stream } = await asking()
    void stream.request(OPEN, { signal: never() })
    await still()
    fake.receive(Uint8Array.of(0x80, 0xe0, 0x12))
    fake.receive(new Uint8Array(bytes - 3))
    await after(REQUEST_TIMEOUT_MS)
    expect(fake.status).toBe(status)
    stream.close()
  })

  test('and gives up too often what is owed to it, ends the stream', async () => {
    const { stream } = await asking()
    const giveUp = async (): Promise<void> => {
      const impatient = new AbortController()
      const asked = stream.request(OPEN, { signal: impatient.signal })
      await still()
      impatient.abort()
      await asked
    }
    for (let n = 0; n < ABANDONED_REQUESTS; n += 1) await giveUp()
    expect(stream.closed).toBe(false)
    await giveUp()
    expect(stream.closed).toBe(true)
  })

  test('sends as many requests as may be in flight, and the next one when a reply came', async () => {
    const { fake, stream } = await asking()
    const before = fake.sent.length
    for (let n = 0; n <= REQUESTS_IN_FLIGHT; n += 1) void stream.request(OPEN, { signal: never() })
    await still()
    expect(fake.sent.length - before).toBe(REQUESTS_IN_FLIGHT)
    fake.receiveFrame(encodeReply({ t: 'refuse', id: 1, code: 'busy' }))
    await still()
    expect(fake.sent.length - before).toBe(REQUESTS_IN_FLIGHT + 1)
    stream.close()
  })

  test('for an offer waits as long as a first copy may take', async () => {
    const on = chain('#offer', author(1).author)
    const waited: (number | undefined)[] = []
    const stream = {
      peer,
      nonces: { requester: new Uint8Array(32), responder: new Uint8Array(32) },
      request: ({ t }: RequestBody, { timeoutMs }: { timeoutMs?: number }) => {
        waited.push(timeoutMs)
        const opened: Reply = { t: 'opened', id: 1, blocks: 0, heads: [], more: false }
        return Promise.resolve({
          ok: true,
          value: t === 'open' ? opened : { t: 'offered', id: 2, fresh: 0, missing: 0 },
        })
      },
    }
    const sync = new ChainSync({
      replica: (await openReplica(on)).replica,
      client: { stream: () => Promise.resolve({ ok: true, value: stream }) } as unknown as SyncClient,
      self: peer,
    } as unknown as ConstructorParameters<typeof ChainSync>[0])
    expect(await sync.offer(peer, never())).toMatchObject({ ok: true })
    expect(waited).toEqual([undefined, OFFER_TIMEOUT_MS])
  })
})

describe('who answers', () => {
  interface Serving {
    /** A stream opened by this peer. */
    readonly openedBy: (by: PeerId) => FakeStream
    readonly stop: () => Promise<void>
  }

  async function serving(handler: SyncHandler): Promise<Serving> {
    let take: ((stream: Stream, connection: { remotePeer: PeerId }) => void) | undefined
    const libp2p = {
      handle: (_protocol: string, handle: typeof take) => {
        take = handle
        return Promise.resolve()
      },
      unhandle: () => Promise.resolve(),
    }
    const stop = await serveSync({ host: { libp2p } as unknown as Host, log: silentLogger, handler })
    const openedBy = (by: PeerId): FakeStream => {
      const fake = new FakeStream()
      take?.(fake.stream, { remotePeer: by })
      return fake
    }
    return { openedBy, stop }
  }

  const silent: SyncHandler = () => new Promise(() => undefined)

  /** The replies sent, without the hello. */
  const repliesOf = (fake: FakeStream): Reply[] =>
    fake.sent.slice(1).map((frame) => must(decodeReply(frame.slice(frame.length < 128 ? 1 : 2))))

  test('has as many streams of one peer as the bound: one more is cut, and another peer has its own', async () => {
    const { openedBy, stop } = await serving(silent)
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    const opened = Array.from({ length: SYNC_STREAMS_PER_PEER }, () => openedBy(peer))
    const surplus = openedBy(peer)
    expect([...opened, surplus, openedBy(other)].map(({ status }) => status)).toEqual([
      ...opened.map(() => 'open'),
      'aborted',
      'open',
    ])
    opened[0]?.abort(new Error('gone'))
    await still()
    expect(openedBy(peer).status).toBe('open')
    await stop()
  })

  test('says that it is busy when a reply took as long as the bound; for an offer, as long as that one', async () => {
    const { openedBy, stop } = await serving(silent)
    const fake = openedBy(peer)
    await still()
    fake.receiveFrame(HELLO)
    fake.receiveFrame(encodeRequest({ ...OPEN, id: 1 }))
    fake.receiveFrame(encodeRequest({ ...OFFER, id: 2 }))
    await after(REQUEST_TIMEOUT_MS - 1)
    expect(repliesOf(fake)).toEqual([])
    await after(1)
    expect(repliesOf(fake)).toEqual([{ t: 'refuse', id: 1, code: 'busy' }])
    await after(OFFER_TIMEOUT_MS - REQUEST_TIMEOUT_MS - 1)
    expect(repliesOf(fake)).toHaveLength(1)
    await after(1)
    expect(repliesOf(fake)).toHaveLength(2)
    await stop()
  })

  test('waits for the rest of a request as long as the bound, and no longer', async () => {
    const { openedBy, stop } = await serving(silent)
    const fake = openedBy(peer)
    await still()
    fake.receiveFrame(HELLO)
    fake.receive(Uint8Array.of(50, 1))
    await after(MESSAGE_TIMEOUT_MS - 1)
    expect(fake.status).toBe('open')
    await after(1)
    expect(fake.status).toBe('aborted')
    await stop()
  })

  test('waits for a hello as long as the bound, and no longer', async () => {
    const { openedBy, stop } = await serving(silent)
    const fake = openedBy(peer)
    expect(vi.mocked(pause).mock.lastCall?.[0]).toBe(HELLO_TIMEOUT_MS)
    helloIsLate()
    await still()
    expect(fake.status).toBe('aborted')
    await stop()
  })
})
