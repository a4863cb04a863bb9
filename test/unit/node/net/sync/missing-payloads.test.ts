/** Missing payloads (spec §8 step 4): how many are requested at once, and which peers are known not to have them. */
import { expect, test } from 'vitest'
import { askForMissing } from '../../../../../src/node/net/sync/missing-payloads.ts'
import type { SyncStream } from '../../../../../src/node/net/sync/client.ts'
import { PAYLOAD_BACKOFFS, PAYLOADS_PER_MEETING } from '../../../../../src/protocol/sync-limits.ts'
import type { RequestBody } from '../../../../../src/protocol/messages.ts'
import { author, chain, post } from '../../../../support/blocks.ts'
import { openReplica, type TestReplica } from '../../../../support/replicas.ts'

const ON = chain(`@${author(1).author}`)

/** A replica with `count` blocks without their payloads. */
async function lacking(count: number): Promise<TestReplica> {
  const on = await openReplica(ON)
  const blocks = Array.from({ length: count }, (_, n) => post(ON, { author: 1, payload: String(n) }))
  await on.replica.ingest(
    blocks.map(({ block }) => ({ block, payload: 'missing' })),
    'pull',
  )
  expect(on.replica.missing.size).toBe(count)
  return on
}

/** Counts the requests to a peer that has none of the payloads. */
async function askedOf(
  peer: string,
  { replica }: TestReplica,
  nowMs: number,
  answer: unknown = { ok: true, value: { t: 'no-payload', id: 1, why: 'absent' } },
): Promise<number> {
  let asked = 0
  const stream = {
    peer,
    closed: false,
    request: ({ t }: RequestBody) => {
      if (t === 'frame') asked += 1
      return Promise.resolve(answer)
    },
  }
  const quietly = { onFrame: () => undefined, shouldYield: () => false }
  const { signal } = new AbortController()
  expect(await askForMissing(replica, stream as unknown as SyncStream, { signal, nowMs, ...quietly })).toBeUndefined()
  return asked
}

test('a peer is asked for as many at one meeting as the bound, and for the rest at the next', async () => {
  const on = await lacking(PAYLOADS_PER_MEETING + 1)
  expect(await askedOf('a', on, 0)).toBe(PAYLOADS_PER_MEETING)
  expect(await askedOf('a', on, 1)).toBe(1)
  expect(await askedOf('a', on, 2)).toBe(0)
  expect(await askedOf('b', on, 2)).toBe(PAYLOADS_PER_MEETING)
})

test('thousands of peers that have it not are remembered, and not one more: the first to go is the one asked longest ago', async () => {
  const on = await lacking(1)
  for (let n = 0; n < PAYLOAD_BACKOFFS; n += 1) await askedOf(`peer ${String(n)}`, on, 0)
  expect(await askedOf('peer 0', on, 1)).toBe(0)
  expect(await askedOf('one more', on, 1)).toBe(1)
  expect([await askedOf('peer 1', on, 1), await askedOf('peer 0', on, 1)]).toEqual([0, 1])
})

test('a line that breaks each time does not make the waits longer: the peer never said that it has it not', async () => {
  const on = await lacking(1)
  const broken = { ok: false, fault: { code: 'RPC_CLOSED', peer: 'a', why: 'the line changed' } }
  const minute = 60_000
  for (let n = 0; n < 10; n += 1) {
    expect(await askedOf('a', on, n * minute, broken)).toBe(1)
    expect(await askedOf('a', on, n * minute + 1, broken)).toBe(0)
  }
  expect([await askedOf('a', on, 10 * minute), await askedOf('a', on, 11 * minute)]).toEqual([1, 1])
  expect(await askedOf('a', on, 12 * minute)).toBe(0)
})
