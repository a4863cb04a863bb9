/** Gossip of one chain (spec §7): which announcements of a neighbour are read, and when new heads are announced. */
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import type { Chain } from '../../../../../src/dag/chain.ts'
import { ChainGossip } from '../../../../../src/node/net/gossip/chain-gossip.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import type { DroppedListener, Pubsub, TopicValidator } from '../../../../../src/node/net/gossip/pubsub.ts'
import type { ProtocolFault } from '../../../../../src/protocol/faults.ts'
import { decodeAnnouncement, encodeAnnouncement } from '../../../../../src/protocol/gossip-codec.ts'
import {
  ANNOUNCE_COALESCE_MS,
  ANNOUNCEMENT_FLOOD,
  ANNOUNCEMENTS,
  CATCH_UP_MS,
  OWN_ANNOUNCEMENTS,
  RIDING_QUEUE,
} from '../../../../../src/protocol/gossip-limits.ts'
import { author, chain, must, post } from '../../../../support/blocks.ts'
import { openReplica, type TestReplica } from '../../../../support/replicas.ts'
import { TORSION, torsionPost } from '../../../../support/torsion.ts'

const ON = chain(`@${author(1).author}`)
const FIRST = post(ON, { author: 1 })

/** A pubsub whose only subscriber is the test. */
class Spoken {
  readonly here: TestReplica
  readonly said: Uint8Array[] = []
  readonly hints: string[] = []
  readonly gave: string[] = []
  readonly faults: [peer: string, code: ProtocolFault['code']][] = []
  connected: string[] = ['loud', 'quiet']
  mayRecheck = true
  readonly gossip: ChainGossip
  #validate: TopicValidator = () => expect.unreachable('the topic is joined')
  drop: DroppedListener = () => expect.unreachable('the topic is joined')

  private constructor(here: TestReplica) {
    this.here = here
    const topics = {
      join: (_topic: string, validate: TopicValidator, onDropped: DroppedListener) => {
        this.#validate = validate
        this.drop = onDropped
      },
      leave: () => undefined,
      publish: (_topic: string, bytes: Uint8Array) => Promise.resolve(this.said.push(bytes)),
      isConnected: (peer: string) => this.connected.includes(peer),
    }
    this.gossip = new ChainGossip({
      replica: here.replica,
      pubsub: topics as unknown as Pubsub,
      log: silentLogger,
      onHint: (peer) => void this.hints.push(peer),
      onGave: (peer) => void this.gave.push(peer),
      mayRecheck: () => this.mayRecheck,
      onFault: (peer, { code }) => void this.faults.push([peer, code]),
    })
  }

  static async open(on = ON): Promise<Spoken> {
    const spoken = new Spoken(await openReplica(on))
    if (on === ON) await spoken.here.replica.ingest([FIRST], 'gossip')
    return spoken
  }

  get on(): Chain {
    return this.here.replica.chain
  }

  hear(from: string, data: Uint8Array): Promise<string> {
    return this.#validate(from, data)
  }

  async hearMany(from: string, count: number, data: () => Uint8Array): Promise<void> {
    for (let n = 0; n < count; n += 1) await this.hear(from, data())
  }
}

/** An announcement of known heads, with other bytes each time. */
const known = (): Uint8Array => encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [FIRST.block.id] })
const riding = ({ block, payload }: MadeBlock): Uint8Array =>
  encodeAnnouncement({ v: 1, nonce: randomBytes(8), heads: [block.id], block: { ...block, payload } })
const garbage = (): Uint8Array => Uint8Array.of(0xff)

let spoken: Spoken
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  spoken = await Spoken.open()
})
afterEach(() => {
  spoken.gossip.stop()
  vi.useRealTimers()
})

describe('known heads announced for ever', () => {
  test('are read up to the bound; beyond it nothing is looked at, and nobody is blamed', async () => {
    await spoken.hearMany('loud', ANNOUNCEMENTS.burst - 1, known)
    expect(await spoken.hear('loud', garbage())).toBe('reject')
    expect(spoken.faults).toEqual([['loud', 'WIRE_MALFORMED']])
    expect(await spoken.hear('loud', garbage())).toBe('ignore')
    expect(spoken.faults).toHaveLength(1)
    expect(await spoken.hear('quiet', riding(post(ON, { author: 1, backs: [FIRST.block] })))).toBe('accept')
    expect(spoken.gave).toEqual(['quiet'])
  })

  test('cost one look at the neighbour, however many were skipped; none if it is gone', async () => {
    await spoken.hearMany('loud', ANNOUNCEMENTS.burst + 50, known)
    expect(spoken.hints).toEqual([])
    await vi.advanceTimersByTimeAsync(CATCH_UP_MS)
    expect(spoken.hints).toEqual(['loud'])
    await spoken.hearMany('loud', ANNOUNCEMENTS.burst + 50, known)
    spoken.connected = ['quiet']
    await vi.advanceTimersByTimeAsync(CATCH_UP_MS)
    expect(spoken.hints).toEqual(['loud'])
  })

  test('are pulled for once, too, when they were dropped for what their sender says of other chains', async () => {
    for (let n = 0; n < 50; n += 1) spoken.drop('loud')
    await vi.advanceTimersByTimeAsync(CATCH_UP_MS)
    expect(spoken.hints).toEqual(['loud'])
    expect(spoken.faults).toEqual([])
    for (let n = 0; n <= ANNOUNCEMENT_FLOOD.burst; n += 1) spoken.drop('loud')
    expect(spoken.faults).toEqual([['loud', 'GOSSIP_FLOOD']])
  })

  test('are read again as time goes by', async () => {
    await spoken.hearMany('loud', ANNOUNCEMENTS.burst, known)
    expect(await spoken.hear('loud', garbage())).toBe('ignore')
    await vi.advanceTimersByTimeAsync(1000)
    expect(await spoken.hear('loud', garbage())).toBe('reject')
  })

  test('at a rate that no honest peer reaches are held against their sender: GOSSIP_FLOOD', async () => {
    await spoken.hearMany('loud', ANNOUNCEMENT_FLOOD.burst, known)
    expect(spoken.faults).toEqual([])
    expect(await spoken.hear('loud', known())).toBe('ignore')
    expect(spoken.faults).toEqual([['loud', 'GOSSIP_FLOOD']])
  })
})

test('riding blocks wait for their turn up to the bound; one more is only a hint', async () => {
  const stuck = Promise.withResolvers<never>()
  vi.spyOn(spoken.here.replica, 'ingest').mockReturnValue(stuck.promise)
  const next = post(ON, { author: 1, backs: [FIRST.block] })
  const waiting = Array.from({ length: RIDING_QUEUE }, () => spoken.hear('quiet', riding(next)).catch(() => 'ended'))
  expect(spoken.hints).toEqual([])
  expect([await spoken.hear('quiet', riding(next)), spoken.hints]).toEqual(['ignore', ['quiet']])
  vi.restoreAllMocks()
  stuck.reject(new Error('the test is over'))
  expect(await Promise.all(waiting)).toHaveLength(RIDING_QUEUE)
})

test('a riding block that there is no budget to check is ignored: no pull, no blame, and later it is taken', async () => {
  spoken.gossip.stop()
  spoken = await Spoken.open(chain('#odd', TORSION.author))
  const next = torsionPost(spoken.on)
  spoken.mayRecheck = false
  expect(await spoken.hear('quiet', riding(next))).toBe('ignore')
  expect([spoken.hints, spoken.faults]).toEqual([[], []])
  spoken.mayRecheck = true
  expect(await spoken.hear('quiet', riding(next))).toBe('accept')
})

describe('what is new here', () => {
  function line(count: number): MadeBlock[] {
    const blocks = [FIRST]
    for (let n = 0; n < count; n += 1) blocks.push(post(ON, { author: 1, backs: [blocks[n]!.block] }))
    return blocks.slice(1)
  }

  /** Waits until the announcement is composed. */
  const settled = (count: number): Promise<void> => vi.waitFor(() => expect(spoken.said).toHaveLength(count))

  test('and was pulled is said once for all that comes within the bound', async () => {
    const blocks = line(5)
    for (const made of blocks) await spoken.here.replica.ingest([made], 'pull')
    expect(spoken.said).toEqual([])
    await vi.advanceTimersByTimeAsync(ANNOUNCE_COALESCE_MS)
    await settled(1)
    expect(must(decodeAnnouncement(spoken.said[0]!))).toMatchObject({ heads: [blocks.at(-1)?.block.id] })
  })

  test('and was posted here is said at once, up to the bound; beyond it as what was pulled', async () => {
    const { burst } = OWN_ANNOUNCEMENTS
    const blocks = line(burst + 10)
    for (const made of blocks) await spoken.here.replica.ingest([made], 'here')
    await settled(burst)
    await vi.advanceTimersByTimeAsync(ANNOUNCE_COALESCE_MS)
    await settled(burst + 1)
    expect(must(decodeAnnouncement(spoken.said.at(-1)!))).toMatchObject({ heads: [blocks.at(-1)?.block.id] })
  })

  test('and was posted here rides along without being read back from the store; a pulled one is read', async () => {
    const { replica } = spoken.here
    const block = vi.spyOn(replica.store, 'block')
    const frame = vi.spyOn(replica.store, 'frame')
    const [made, pulled] = line(2)
    await replica.ingest([made!], 'here')
    await settled(1)
    expect(must(decodeAnnouncement(spoken.said[0]!))).toMatchObject({ block: { payload: made?.payload } })
    expect(block).not.toHaveBeenCalled()
    expect(frame).not.toHaveBeenCalled()
    await replica.ingest([pulled!], 'pull')
    await vi.advanceTimersByTimeAsync(ANNOUNCE_COALESCE_MS)
    await settled(2)
    expect(must(decodeAnnouncement(spoken.said[1]!))).toMatchObject({ block: { payload: pulled?.payload } })
    expect(block).toHaveBeenCalled()
  })
})
