import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import type { Graph } from '../../../src/dag/graph.ts'
import type { BlockId } from '../../../src/dag/ids.ts'
import {
  buildAnnouncement,
  headsToAnnounce,
  assess,
  ridesAlong,
  gossipVerdict,
  type AnnouncedTo,
} from '../../../src/protocol/announce.ts'
import { ANNOUNCE_HEADS, RIDING_BLOCK_BYTES } from '../../../src/protocol/gossip-limits.ts'
import type { HeadsAnnouncement } from '../../../src/protocol/messages.ts'
import { author, bytes, chain, post } from '../../support/blocks.ts'
import { Side } from '../../support/sync-sim.ts'

const FORUM = chain('#announce', author(0).author)
const a = post(FORUM, { author: 0, payload: 'a' })
const b = post(FORUM, { author: 0, payload: 'b', backs: [a.block] })
const c = post(FORUM, { author: 0, payload: 'c', backs: [b.block] })
const other = post(FORUM, { author: 1, payload: 'other' })
const nonce = new Uint8Array(8)

function world(graph: Graph): AnnouncedTo {
  return { graph, has: (id) => graph.has(id), needsFounder: false }
}

function announce(heads: readonly MadeBlock[], riding?: MadeBlock): HeadsAnnouncement {
  const ids: BlockId[] = heads.map((made) => made.block.id)
  return buildAnnouncement({
    heads: ids,
    nonce,
    ...(riding === undefined ? {} : { riding: { ...riding.block, payload: riding.payload } }),
  })
}

describe('what is announced', () => {
  test('the heads accepted last, newest first, at most 16', () => {
    const wide = Array.from({ length: 20 }, (_, n) => post(FORUM, { time: 100 - n }))
    const { graph } = new Side(FORUM, wide)
    const newest = wide.slice(-ANNOUNCE_HEADS).reverse()
    expect(headsToAnnounce(graph).map((index) => graph.id(index))).toEqual(newest.map((made) => made.block.id))
  })

  test('an empty chain announces nothing', () => {
    expect(headsToAnnounce(new Side(FORUM).graph)).toEqual([])
  })

  test('a block rides along up to 16 KiB with its payload', () => {
    expect([ridesAlong(1, RIDING_BLOCK_BYTES - 1), ridesAlong(1, RIDING_BLOCK_BYTES)]).toEqual([true, false])
  })
})

describe('what an announcement is worth', () => {
  const { graph } = new Side(FORUM, [a])

  test('heads that are had are no news', () => {
    expect(assess(announce([a]), world(graph))).toEqual({ verdict: 'ignore', pull: false })
    expect(assess(announce([a], a), world(graph))).toEqual({ verdict: 'ignore', pull: false })
  })

  test('a head that is not had is a hint to pull', () => {
    expect(assess(announce([a, b]), world(graph))).toEqual({ verdict: 'ignore', pull: true })
  })

  test('a new block on accepted ones is worth a check, and other new heads a pull', () => {
    const { block, payload } = b
    expect(assess(announce([b], b), world(graph))).toEqual({ verdict: 'check', block, payload, pull: false })
    expect(assess(announce([b, other], b), world(graph))).toMatchObject({ verdict: 'check', pull: true })
    expect(assess(announce([other], other), world(graph))).toMatchObject({ verdict: 'check', pull: false })
  })

  test('§2 whoever follows no founder takes no riding block of a forum, and pulls to see whom the neighbour follows', () => {
    const empty = new Side(FORUM).graph
    expect(assess(announce([a], a), world(empty))).toMatchObject({ verdict: 'check' })
    expect(assess(announce([a], a), { ...world(empty), needsFounder: true })).toEqual({ verdict: 'ignore', pull: true })
  })

  test('missing backs are nobody’s fault: ignored and pulled, and so are backs that are set aside', () => {
    expect(assess(announce([c], c), world(graph))).toEqual({ verdict: 'ignore', pull: true })
    const parked = new Side(FORUM, [a, b]).graph
    parked.withdraw(2)
    expect(assess(announce([c], c), world(parked))).toEqual({ verdict: 'ignore', pull: true })
  })

  test('what no honest peer sends is rejected: GOSSIP_BAD_BLOCK', () => {
    const malformed = { ...announce([b]), block: { headerBytes: bytes('?'), payload: bytes('') } }
    const wrongSize = { ...announce([b]), block: { ...b.block, payload: bytes('longer than b') } }
    for (const bad of [malformed, wrongSize]) {
      expect(assess(bad, world(graph))).toMatchObject({ verdict: 'reject', fault: { code: 'GOSSIP_BAD_BLOCK' } })
    }
  })

  test('only a block that is accepted by this message is passed on', () => {
    const { id } = b.block
    expect(gossipVerdict({ id, state: 'accepted', others: 0 })).toBe('accept')
    expect(gossipVerdict({ id, state: 'known' })).toBe('ignore')
    expect(gossipVerdict({ id, state: 'ahead' })).toBe('ignore')
    expect(gossipVerdict({ id, state: 'postponed' })).toBe('ignore')
    expect(gossipVerdict({ id, state: 'refused', fault: { code: 'DAG_MISSING_BACK', back: 'x' } })).toBe('ignore')
    expect(gossipVerdict({ id, state: 'refused', fault: { code: 'DAG_BAD_SIGNATURE' } })).toBe('reject')
  })
})
