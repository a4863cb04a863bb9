/** The mempools of all chains together (spec §5, *Surplus*): bounded, the largest shrinks, and memory is given back. */
import { expect, test } from 'vitest'
import { Mempool } from '../../../../../src/node/chain/intake/mempool.ts'
import { MempoolBudget } from '../../../../../src/node/chain/intake/mempool-budget.ts'
import type { CheckedBlock, WaitsFor } from '../../../../../src/node/chain/intake/validate-block.ts'
import {
  MEMPOOL_BLOCKS,
  MEMPOOL_BYTES_IN_ALL,
  MEMPOOL_BYTES_IN_PULL,
  POOLED_BLOCK_BYTES,
  SURPLUS_IDLE_MS,
} from '../../../../../src/protocol/intake-limits.ts'
import { author, chain, post } from '../../../../support/blocks.ts'
import { NOW_MS, openReplica } from '../../../../support/replicas.ts'

const forum = chain('#forum', author(1).author)
const PAYLOAD = 64 * 1024

let made = 0
function unpaid(waitsFor: WaitsFor = 'payer', bytes = PAYLOAD): CheckedBlock {
  const payload = new Uint8Array(bytes)
  new DataView(payload.buffer).setUint32(0, (made += 1))
  const { block } = post(forum, { payload })
  const delay = waitsFor === 'turn' ? ({ why: 'old' } as const) : undefined
  return { block, payload, isOurs: false, waitsFor, delay }
}

function pools(count: number): { readonly budget: MempoolBudget; readonly all: Mempool[] } {
  const budget = new MempoolBudget()
  return { budget, all: Array.from({ length: count }, () => new Mempool(budget)) }
}

const fill = (pool: Mempool, bytes: number): void => {
  for (let n = 0; n * PAYLOAD < bytes; n += 1) pool.put(unpaid())
}

test('however many chains are filled, together they stay within the bound', () => {
  expect(MEMPOOL_BYTES_IN_ALL).toBeGreaterThan(MEMPOOL_BYTES_IN_PULL)
  const { budget, all } = pools(16)
  let most = 0
  for (let round = 0; round < 16; round += 1) {
    for (const pool of all) fill(pool, MEMPOOL_BYTES_IN_ALL / 128)
    most = Math.max(most, budget.bytes)
  }
  expect(most).toBeLessThanOrEqual(MEMPOOL_BYTES_IN_ALL)
  expect(most).toBeGreaterThan(MEMPOOL_BYTES_IN_ALL / 2)
  expect(budget.bytes).toBe(all.reduce((sum, pool) => sum + pool.memoryBytes, 0))
})

test('the largest shrinks: who fills one chain takes no room from another', () => {
  const { all } = pools(2)
  const [modest, greedy] = all as [Mempool, Mempool]
  fill(modest, MEMPOOL_BYTES_IN_ALL / 8)
  const before = modest.size
  fill(greedy, 2 * MEMPOOL_BYTES_IN_ALL)
  expect([modest.size, greedy.size > before]).toEqual([before, true])
})

test('small blocks count as what they take in memory', () => {
  const { budget, all } = pools(1)
  for (let n = 0; n < 10; n += 1) all[0]?.put(unpaid('payer', 4))
  expect(budget.bytes).toBeGreaterThan(10 * POOLED_BLOCK_BYTES)
})

test('of delayed blocks that went the ids are kept, so that they are not fetched again at once', () => {
  const { all } = pools(1)
  const pool = all[0] ?? expect.unreachable('there is one')
  const first = unpaid('turn')
  pool.put(first)
  const late = unpaid('turn')
  for (let n = 0; n < 900; n += 1) pool.put(unpaid('turn'))
  pool.put(late)
  pool.shrink(PAYLOAD * 2)
  expect([pool.has(first.block.id), pool.isLeftOut(late.block.id)]).toEqual([true, true])
})

test('a block keeps no frame in memory that it came in, for the frame would count nowhere', () => {
  const [pool = expect.unreachable('there is one')] = pools(1).all
  const payload = new Uint8Array(PAYLOAD)
  const { block } = post(forum, { author: author(1), payload })
  const rest = { isOurs: false, waitsFor: 'payer' } as const
  const frame = new Uint8Array(1024 * 1024)
  const within = (bytes: Uint8Array, at: number): Uint8Array => {
    frame.set(bytes, at)
    return frame.subarray(at, at + bytes.byteLength)
  }
  const signature = block.signature === undefined ? {} : { signature: within(block.signature, 0) }
  const came = { ...block, headerBytes: within(block.headerBytes, 100), ...signature }
  pool.put({ block: came, payload: within(payload, 10_000), ...rest })
  const kept = pool.take(block.id) ?? expect.unreachable('it is there')
  expect(kept).toEqual({ block, payload, ...rest })
  for (const bytes of [kept.block.headerBytes, kept.block.signature, kept.payload]) {
    expect((bytes as Uint8Array).buffer.byteLength).toBe((bytes as Uint8Array).byteLength)
  }
})

test('what is taken out is given back, and so is all of a chain that is closed', async () => {
  const { budget, all } = pools(2)
  for (const pool of all) fill(pool, 10 * PAYLOAD)
  const [first, second] = all as [Mempool, Mempool]
  first.dropSurplus()
  expect(budget.bytes).toBe(second.memoryBytes)
  second.close()
  second.put(unpaid())
  expect(budget.bytes).toBe(0)
  const { replica } = await openReplica(forum)
  await replica.close()
})

test('surplus is dropped when none has come for an hour: its payer did not follow it', () => {
  const { budget, all } = pools(1)
  const pool = all[0] ?? expect.unreachable('there is one')
  const waiting = unpaid('turn')
  pool.put(waiting)
  fill(pool, (MEMPOOL_BLOCKS / 100) * PAYLOAD)
  pool.expireSurplus(NOW_MS)
  pool.expireSurplus(NOW_MS + SURPLUS_IDLE_MS - 1)
  pool.put(unpaid())
  pool.expireSurplus(NOW_MS + SURPLUS_IDLE_MS)
  pool.expireSurplus(NOW_MS + 2 * SURPLUS_IDLE_MS - 1)
  expect(pool.size).toBe(12)
  pool.expireSurplus(NOW_MS + 2 * SURPLUS_IDLE_MS)
  expect([pool.size, pool.has(waiting.block.id), budget.bytes === pool.memoryBytes]).toEqual([1, true, true])
})
