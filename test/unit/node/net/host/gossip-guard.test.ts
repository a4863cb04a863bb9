/** What reading gossip costs (spec §7): fields are counted before anything is decoded, and who sends much is read later. */
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test, vi } from 'vitest'
import { readWithin } from '../../../../../src/node/net/host/gossip-guard.ts'
import { countRpcFields } from '../../../../../src/node/net/host/rpc-fields.ts'
import { GOSSIP_FIELD_BYTES, GOSSIP_READ, GOSSIP_RPC_FIELDS } from '../../../../../src/protocol/gossip-limits.ts'
import { Bucket } from '../../../../../src/protocol/token-bucket.ts'
import { checkProperty } from '../../../../support/property.ts'

const bytes = fc.uint8Array({ maxLength: 40 })
const text = fc.string({ maxLength: 20 })
const named = fc.record({ topicID: text })
const listed = fc.record({ messageIDs: fc.array(bytes) })

const rpcs = fc.record({
  subscriptions: fc.array(fc.record({ subscribe: fc.boolean(), topic: text })),
  messages: fc.array(fc.record({ topic: text, data: bytes })),
  control: fc.record({
    ihave: fc.array(fc.record({ topicID: text, messageIDs: fc.array(bytes) })),
    iwant: fc.array(listed),
    graft: fc.array(named),
    prune: fc.array(fc.record({ topicID: text, backoff: fc.nat(), peers: fc.array(fc.record({ peerID: bytes })) })),
    idontwant: fc.array(listed),
  }),
})

/** As the decoder sees it: one for each entry, and for each value in it that is written. */
function fieldsOf({ subscriptions, messages, control }: Required<RPC>): number {
  const { ihave, iwant, graft, prune, idontwant } = control
  const ids = [...ihave, ...iwant, ...idontwant].flatMap(({ messageIDs }) => messageIDs)
  const peers = prune.flatMap((one) => one.peers)
  const inner = ihave.length + iwant.length + graft.length + prune.length + idontwant.length
  // `topic` of a message is not written when it is empty.
  const topics = messages.filter(({ topic }) => topic !== '').length
  return (
    3 * subscriptions.length +
    (2 * messages.length + topics) +
    1 +
    (inner + ids.length + ihave.length + graft.length + 2 * prune.length + 2 * peers.length)
  )
}

test('the fields of an RPC are counted as the decoder meets them', () => {
  checkProperty(
    'rpc-fields-counted',
    fc.property(rpcs, (rpc) => {
      expect(countRpcFields(RPC.encode(rpc), 10_000)).toBe(fieldsOf(rpc))
    }),
  )
})

/** A byte here and there is another one. */
const damaged = fc
  .tuple(rpcs, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }))
  .map(([rpc, changes]) => {
    const encoded = RPC.encode(rpc)
    for (const [at, byte] of changes) if (encoded.byteLength > 0) encoded[at % encoded.byteLength] = byte
    return encoded
  })

test('of any bytes the decoder makes no more than what was counted', () => {
  checkProperty(
    'rpc-fields-any-bytes',
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), fc.nat({ max: 200 }), (some, limit) => {
      const fields = countRpcFields(some, limit)
      expect(fields).toBeLessThanOrEqual(limit + 1)
      if (fields <= limit) expect(entriesOf(RPC.decode(some))).toBeLessThanOrEqual(fields)
    }),
  )
})

/** Objects in it. */
function entriesOf({ subscriptions, messages, control }: RPC): number {
  if (control === undefined) return subscriptions.length + messages.length
  const { ihave, iwant, graft, prune, idontwant } = control
  const inner = [...ihave, ...iwant, ...idontwant].map(({ messageIDs }) => messageIDs.length)
  const peers = prune.map((one) => one.peers.length)
  const lists = [subscriptions, messages, ihave, iwant, graft, prune, idontwant].map(({ length }) => length)
  return [...lists, ...inner, ...peers].reduce((sum, count) => sum + count, 0)
}

test.each([
  ['a list of ids is said to be a number', Uint8Array.of(0x1a, 0x04, 0x10, 0x02, 0x0a, 0x00)],
  ['a length has five bytes', Uint8Array.of(0x0a, 0x80, 0x80, 0x80, 0x80, 0x00)],
  ['a group', Uint8Array.of(0x0b, 0x0c)],
  ['an entry is longer than what it is in', Uint8Array.of(0x1a, 0x02, 0x0a, 0x04, 0x00, 0x00, 0x00, 0x00)],
])('no usual encoding counts as too much: %s', (_what, some) => {
  expect(countRpcFields(some, 100)).toBe(101)
})

/** Entries without anything in them: two bytes each on the wire. */
const empty = (entries: number): Uint8Array =>
  RPC.encode({ subscriptions: Array.from({ length: entries }, () => ({})), messages: [] })

async function* framesOf(...frames: Uint8Array[]): AsyncGenerator<Uint8ArrayList> {
  for (const frame of frames) yield await Promise.resolve(new Uint8ArrayList(frame))
}

async function read(frames: AsyncIterable<Uint8ArrayList>, spend: (tokens: number) => number): Promise<number[]> {
  const stream = { pause: vi.fn(), resume: vi.fn() }
  const sizes: number[] = []
  for await (const frame of readWithin(frames, stream, spend)) sizes.push(frame.byteLength)
  expect(stream.pause).toHaveBeenCalledTimes(stream.resume.mock.calls.length)
  return sizes
}

test('an RPC with as many fields as there may be is read, and with one more it is not; what follows is', async () => {
  const [most, more, next] = [empty(GOSSIP_RPC_FIELDS), empty(GOSSIP_RPC_FIELDS + 1), empty(1)]
  expect(await read(framesOf(most, more, next), () => 0)).toEqual([most.byteLength, next.byteLength])
})

test('each frame costs its bytes and more for each field, and is followed by a pause while tokens are owed', async () => {
  const spent: number[] = []
  const spend = (tokens: number): number => (spent.push(tokens) === 2 ? 1 : 0)
  const frame = empty(100)
  expect(await read(framesOf(frame, frame, frame), spend)).toHaveLength(3)
  expect(spent).toEqual(Array.from({ length: 3 }, () => frame.byteLength + 100 * GOSSIP_FIELD_BYTES))
})

test('a stream that ends while nothing is read from it is no fault', async () => {
  const gone = (): never => {
    throw new Error('the stream has ended')
  }
  const sizes: number[] = []
  for await (const { byteLength } of readWithin(framesOf(empty(1), empty(2)), { pause: gone, resume: gone }, () => 1)) {
    sizes.push(byteLength)
  }
  expect(sizes).toHaveLength(2)
})

test('a burst passes at once; what is owed beyond it takes its time', () => {
  const bucket = new Bucket(GOSSIP_READ, 0)
  expect(bucket.spend(GOSSIP_READ.burst, 0)).toBe(0)
  expect(bucket.spend(GOSSIP_READ.perSecond, 0)).toBe(1_000)
  expect(bucket.spend(0, 1_000)).toBe(0)
  expect(bucket.has(1_000)).toBe(false)
})
