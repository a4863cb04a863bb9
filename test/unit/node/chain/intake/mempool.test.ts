/** The mempool (spec §5, *Surplus*): bounded in number and in bytes, the oldest out, during a pull and after it. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { Mempool } from '../../../../../src/node/chain/intake/mempool.ts'
import type { CheckedBlock, WaitsFor } from '../../../../../src/node/chain/intake/validate-block.ts'
import {
  LEFT_OUT_IDS,
  LEFT_OUT_MS,
  MEMPOOL_BLOCKS,
  MEMPOOL_BLOCKS_IN_PULL,
  MEMPOOL_BYTES,
  MEMPOOL_BYTES_IN_PULL,
} from '../../../../../src/protocol/intake-limits.ts'
import { author, chain, post } from '../../../../support/blocks.ts'

const forum = chain('#forum', author(1).author)
const MIB = 1024 * 1024

const checked = ({ block, payload }: MadeBlock, waitsFor: WaitsFor = 'payer'): CheckedBlock => ({
  block,
  payload,
  isOurs: false,
  waitsFor,
  delay: waitsFor === 'turn' ? { why: 'old' } : undefined,
})

function crowd(count: number): CheckedBlock[] {
  return Array.from({ length: count }, (_, n) => checked(post(forum, { payload: String(n) })))
}

function heavy(count: number): CheckedBlock[] {
  return Array.from({ length: count }, (_, n) => {
    const payload = new Uint8Array(MIB / 8)
    payload[0] = n & 255
    payload[1] = n >> 8
    return checked(post(forum, { payload }))
  })
}

/** Positions of those that are in the mempool: the first and how many. */
function kept(mempool: Mempool, entries: readonly CheckedBlock[]): [first: number, count: number] {
  const here = entries.map(({ block }) => mempool.has(block.id))
  return [here.indexOf(true), here.filter(Boolean).length]
}

describe('the mempool keeps', () => {
  test('1,000 blocks after a pull and 16,384 during one, the oldest out', () => {
    const mempool = new Mempool()
    expect([MEMPOOL_BLOCKS, MEMPOOL_BLOCKS_IN_PULL]).toEqual([1000, 16_384])
    const entries = crowd(MEMPOOL_BLOCKS_IN_PULL + 1)
    for (const entry of entries.slice(0, -1)) mempool.put(entry)
    expect(kept(mempool, entries)).toEqual([0, 16_384])
    mempool.put(entries.at(-1) ?? expect.unreachable('there are some'))
    expect([kept(mempool, entries), mempool.size]).toEqual([[1, 16_384], 16_384])
    mempool.trimAfterPull()
    expect(kept(mempool, entries)).toEqual([15_385, 1000])
    mempool.trimAfterPull()
    expect(mempool.size).toBe(1000)
  })

  test('16 MiB of headers and payloads, after a pull and during one', () => {
    const mempool = new Mempool()
    expect([MEMPOOL_BYTES, MEMPOOL_BYTES_IN_PULL]).toEqual([16 * MIB, 16 * MIB])
    const entries = heavy(514)
    for (const entry of entries) mempool.put(entry)
    // Headers take the room of one more.
    expect(kept(mempool, entries)).toEqual([387, 127])
    mempool.trimAfterPull()
    expect(kept(mempool, entries)).toEqual([387, 127])
  })

  test('of a payload that is not here, or is stored elsewhere, no bytes', () => {
    const mempool = new Mempool()
    const entries = heavy(600).map((entry, n) => ({ ...entry, payload: n % 2 === 0 ? 'missing' : 'stored' }) as const)
    for (const entry of entries) mempool.put(entry)
    mempool.trimAfterPull()
    expect(mempool.size).toBe(600)
  })

  test('one that came again once, as the newest', () => {
    const mempool = new Mempool()
    const entries = crowd(1001)
    for (const entry of entries) mempool.put(entry)
    for (const entry of entries.slice(0, 1)) mempool.put(entry)
    expect(mempool.size).toBe(1001)
    mempool.trimAfterPull()
    expect(entries.map(({ block }) => mempool.has(block.id)).indexOf(false)).toBe(1)
    expect(mempool.size).toBe(1000)
  })

  test('nothing that stands on a block that is gone, directly or not', () => {
    const mempool = new Mempool()
    const gone = post(forum, { payload: 'gone' })
    const above = post(forum, { backs: [gone.block], payload: 'above' })
    const beside = post(forum, { payload: 'beside' })
    const top = post(forum, { backs: [above.block, beside.block], payload: 'top' })
    for (const made of [top, above, beside]) mempool.put(checked(made))
    mempool.dropAbove([gone.block.id])
    expect([top, above, beside].map(({ block }) => mempool.has(block.id))).toEqual([false, false, true])
    expect(mempool.size).toBe(1)
  })

  test('nothing that was taken out, and gives it once', () => {
    const mempool = new Mempool()
    const [entry] = crowd(1)
    if (entry === undefined) expect.unreachable('there is one')
    mempool.put(entry)
    expect([
      mempool.get(entry.block.id),
      mempool.take(entry.block.id),
      mempool.take(entry.block.id),
      mempool.size,
    ]).toEqual([entry, entry, undefined, 0])
  })
})

describe('what waits in the mempool', () => {
  const clocked = [2000, 1000, 3000].map((time) => checked(post(forum, { author: 1, time }), 'clock'))
  const delayed = [1, 2, 2].map((by, n) => checked(post(forum, { author: by, time: 9000, payload: String(n) }), 'turn'))
  const surplus = crowd(2)

  function filled(): Mempool {
    const mempool = new Mempool()
    for (const entry of [...clocked, ...delayed, ...surplus]) mempool.put(entry)
    return mempool
  }

  test('is counted by what it waits for', () => {
    const mempool = filled()
    expect([mempool.count('clock'), mempool.count('turn'), mempool.count('payer')]).toEqual([3, 3, 2])
    mempool.dropSurplus()
    expect([mempool.count('clock'), mempool.count('turn'), mempool.count('payer'), mempool.size]).toEqual([3, 3, 0, 6])
  })

  test('is due if it waits for its turn, or for a time up to the one given; first come first', () => {
    const mempool = filled()
    expect(mempool.due(999)).toEqual(delayed)
    expect(mempool.due(2000)).toEqual([...clocked.slice(0, 2), ...delayed])
    expect(new Mempool().due(2000)).toEqual([])
  })

  test('tells of whom blocks are delayed, until the last of them is out', () => {
    const mempool = filled()
    const has = (by: number) => mempool.hasDelayedOf(author(by).author)
    expect([has(1), has(2), has(3)]).toEqual([true, true, false])
    const [first, second, third] = delayed.map(({ block }) => block.id)
    for (const id of [first, second]) if (id !== undefined) mempool.take(id)
    expect([has(1), has(2)]).toEqual([false, true])
    if (third !== undefined) mempool.take(third)
    expect([has(2), mempool.count('turn')]).toEqual([false, 0])
  })

  test('says nothing of whose blocks are delayed only for what lies below them, or for another author’s ration', () => {
    const mempool = new Mempool()
    const above = checked(post(forum, { author: 1 }), 'turn')
    mempool.put({ ...above, delay: { why: 'above' } })
    mempool.put({
      ...checked(post(forum, { author: 2 }), 'turn'),
      delay: { why: 'rewrite', author: author(3).author, count: 1 },
    })
    const has = (by: number) => mempool.hasDelayedOf(author(by).author)
    expect([has(1), has(2), has(3)]).toEqual([false, false, true])
    mempool.put(above)
    expect([has(1), mempool.size]).toEqual([true, 2])
  })

  test('keeps its place while it is delayed, however often it is tried', () => {
    const mempool = filled()
    const [one] = delayed
    mempool.put({ ...one!, delay: { why: 'above' } })
    expect(mempool.delayed().map(({ block }) => block.id)).toEqual(delayed.map(({ block }) => block.id))
  })
})

describe('of delayed blocks for which there is no room', () => {
  const branch = Array.from({ length: MEMPOOL_BLOCKS_IN_PULL + 30 }, (_, n) =>
    checked(post(forum, { author: 1, payload: String(n) }), 'turn'),
  )

  test('the ids stay, for an hour: those that came first are in it, of any branch the lower part', () => {
    const mempool = new Mempool()
    for (const entry of branch) mempool.put(entry)
    expect([kept(mempool, branch), mempool.leftOut, mempool.keptBack]).toEqual([
      [0, MEMPOOL_BLOCKS_IN_PULL],
      30,
      branch.length,
    ])
    mempool.trimAfterPull()
    const isLeftOut = branch.map(({ block }) => mempool.isLeftOut(block.id))
    expect([kept(mempool, branch), isLeftOut.indexOf(true), mempool.leftOut]).toEqual([
      [0, MEMPOOL_BLOCKS],
      MEMPOOL_BLOCKS,
      Math.min(LEFT_OUT_IDS, branch.length - MEMPOOL_BLOCKS),
    ])
    mempool.expireLeftOut(1)
    mempool.expireLeftOut(LEFT_OUT_MS)
    expect(mempool.leftOut).toBeGreaterThan(0)
    mempool.expireLeftOut(LEFT_OUT_MS + 1)
    expect([mempool.leftOut, mempool.keptBack]).toEqual([0, MEMPOOL_BLOCKS])
  })

  test('none that comes again and is put', () => {
    const mempool = new Mempool()
    for (const entry of branch.slice(0, MEMPOOL_BLOCKS + 1)) mempool.put(entry)
    mempool.trimAfterPull()
    const last = branch[MEMPOOL_BLOCKS]!
    expect([mempool.isLeftOut(last.block.id), mempool.keptBack]).toEqual([true, MEMPOOL_BLOCKS + 1])
    mempool.put(last)
    expect([mempool.isLeftOut(last.block.id), mempool.keptBack]).toEqual([false, MEMPOOL_BLOCKS + 1])
  })

  test('what they need below them is kept back with them', () => {
    const mempool = new Mempool()
    const guest = post(forum, { payload: 'guest' })
    mempool.put(checked(guest))
    mempool.put(checked(post(forum, { payload: 'nobody pays' })))
    mempool.put(checked(post(forum, { author: 1, backs: [guest.block] }), 'turn'))
    expect(mempool.keptBack).toBe(2)
  })
})
