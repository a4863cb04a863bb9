/** What reading gossip costs (spec §7): fields are counted before anything is decoded, and who sends much is read later. */
import { RPC } from '@chainsafe/libp2p-gossipsub/message'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test, vi } from 'vitest'
import { readWithin } from '../../../../../src/node/net/host/gossip-guard.ts'
import { countRpcFields } from '../../../../../src/node/net/host/rpc-fields.ts'
import { GOSSIP_FIELD_BYTES, GOSSIP_READ, GOSSIP_RPC_FIELDS } from '../../../../../src/protocol/limits.ts'
import { Bucket } from '../../../../../src/protocol/token-bucket.ts'
import { checkProperty } from '../../../../support/property.ts'

const CONTROL: RPC.ControlMessage = { ihave: [], iwant: [], graft: [], prune: [], idontwant: [] }
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
function fieldsOf({ subscriptions, messages, control }: RPC): number {
  const { ihave, iwant, graft, prune, idontwant } = control ?? CONTROL
  const ids = [...ihave, ...iwant, ...idontwant].flatMap(({ messageIDs }) => messageIDs)
  const peers = prune.flatMap((one) => one.peers ?? [])
  const inner = ihave.length + iwant.length + graft.length + prune.length + idontwant.length
  // `topic` of a message is not written when it is empty.
  const topics = messages.filter(({ topic }) => topic !== '').length
  return (
    3 * subscriptions.length +
    (2 * messages.length + topics) +
    (control === undefined ? 0 : 1) +
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

test('any bytes are counted, to the limit and no further', () => {
  checkProperty(
    'rpc-fields-any-bytes',
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 20 }), (some, limit) => {
      const fields = countRpcFields(some, limit)
      expect(fields).toBeGreaterThanOrEqual(0)
      expect(fields).toBeLessThanOrEqual(limit + 1)
      if (fields <= limit) expect(() => RPC.decode(some)).not.toThrow(RangeError)
    }),
  )
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
  let frames = 0
  for await (const _ of readWithin(framesOf(empty(1), empty(2)), { pause: gone, resume: gone }, () => 1)) frames += 1
  expect(frames).toBe(2)
})

test('a burst passes at once; what is owed beyond it takes its time', () => {
  const bucket = new Bucket(GOSSIP_READ, 0)
  expect(bucket.spend(GOSSIP_READ.burst, 0)).toBe(0)
  expect(bucket.spend(GOSSIP_READ.perSecond, 0)).toBe(1_000)
  expect(bucket.spend(0, 1_000)).toBe(0)
  expect(bucket.has(1_000)).toBe(false)
})
