/** What a chain may store (spec §12): payloads within the quota, blocks always, nothing while the disk has no room. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../src/dag/block.ts'
import type { Chain } from '../../../../src/dag/chain.ts'
import { post as makePost, vote as makeVote } from '../../../../src/node/chain/posting.ts'
import { Quota } from '../../../../src/node/chain/quota.ts'
import { Replica } from '../../../../src/node/chain/replica.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'
import type { NoRoom } from '../../../../src/node/storage/faults.ts'
import type { FreeSpace } from '../../../../src/node/storage/free-space.ts'
import { author, bytes, chain, post } from '../../../support/blocks.ts'
import { MemoryStore } from '../../../support/memory-store.ts'
import { NOW_MS, takeIn, type TestReplica } from '../../../support/replicas.ts'

const KIB = 1024
const owned = chain(`@!${author(0).author}`)
const group = chain('$group', 'AB'.repeat(32))
const LOW: NoRoom = { code: 'DISK_LOW', dir: '/data', freeBytes: 1, floorBytes: 2 }

interface Rig extends TestReplica {
  readonly quota: Quota
  readonly disk: { noRoom: NoRoom | undefined }
}

async function rig(on: Chain = owned, quota = new Quota()): Promise<Rig> {
  const disk: Rig['disk'] & Pick<FreeSpace, 'lookAgain'> = {
    noRoom: undefined,
    lookAgain: () => Promise.resolve(disk.noRoom),
  }
  const store = new MemoryStore()
  const clock = { nowMs: () => NOW_MS, set: () => undefined }
  const modules = { store, clock, log: silentLogger, quota, disk: disk as unknown as FreeSpace }
  const replica = await Replica.open({ chain: on, seed: 1 }, modules)
  return { replica, store, clock, quota, disk }
}

function line(count: number, size = KIB): MadeBlock[] {
  const made: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) {
    const back = made.at(-1)
    const payload = String(n).padEnd(size, '.')
    made.push(post(owned, { backs: back === undefined ? [] : [back.block], payload, author: 0 }))
  }
  return made
}

/** One list after the other: what is on its way does not count yet. */
async function takeInEach(on: TestReplica, blocks: readonly MadeBlock[]): Promise<string[]> {
  const became: string[] = []
  for (const made of blocks) became.push(...(await takeIn(on, [made])))
  return became
}

const makes = ({ replica, clock }: TestReplica, size: number) =>
  makePost(replica, { payload: bytes('x'.repeat(size)), pvt: author(0) }, clock)

describe('a chain over its quota', () => {
  test('takes no payloads, says so, and takes in the blocks; when it is raised the payloads are wanted', async () => {
    const on = await rig()
    on.quota.set({ chainBytes: 5 * KIB, totalBytes: 0 })
    const blocks = line(10)
    expect(new Set(await takeInEach(on, blocks))).toEqual(new Set(['accepted']))
    const { replica } = on
    expect(replica.blocks).toBe(10)
    expect(replica.missing.size).toBeGreaterThan(5)
    expect(replica.storage.overQuota).toMatchObject({ of: 'chain', limitBytes: 5 * KIB, bytes: replica.bytes })
    expect(replica.storage.takesPayload(blocks[9]!.block.header)).toBe(false)
    on.quota.set({ chainBytes: 50 * KIB, totalBytes: 0 })
    expect([replica.storage.overQuota, replica.storage.takesPayload(blocks[9]!.block.header)]).toEqual([
      undefined,
      true,
    ])
  })

  test('refuses a post made here that has content, and goes on to vote', async () => {
    const on = await rig()
    const [first] = line(1)
    await takeIn(on, [first!])
    on.quota.set({ chainBytes: on.replica.bytes + 10, totalBytes: 0 })
    expect(await makes(on, 11)).toMatchObject({ ok: false, fault: { code: 'CHAIN_OVER_QUOTA', of: 'chain' } })
    expect(await makes(on, 10)).toMatchObject({ ok: true })
    const request = { n: -1, target: 1, payload: new Uint8Array(0), pvt: author(0) } as const
    expect(await makeVote(on.replica, request, on.clock)).toMatchObject({ ok: true })
  })

  test('of a group takes what proves membership all the same: nobody would take the block from here without it', async () => {
    const on = await rig(group)
    on.quota.set({ chainBytes: 1, totalBytes: 0 })
    const signed = post(group, { payload: 'signed', author: 1 })
    const unsigned = post(group, { payload: 'unsigned' })
    expect(await takeIn(on, [signed, unsigned])).toEqual(['accepted', 'accepted'])
    const { graph } = on.replica
    expect([...on.replica.missing]).toEqual([graph.indexOf(signed.block.id)])
  })
})

test('chains share the quota of the node, and one that is closed gives back what it took', async () => {
  const quota = new Quota({ chainBytes: 0, totalBytes: 8 * KIB })
  const [one, other] = [await rig(owned, quota), await rig(owned, quota)]
  await takeInEach(one, line(5))
  await takeInEach(other, line(5))
  expect([one.replica.missing.size, other.replica.missing.size > 0]).toEqual([0, true])
  expect(other.replica.storage.overQuota).toMatchObject({ of: 'node', limitBytes: 8 * KIB })
  await one.replica.close()
  expect(other.replica.storage.overQuota).toBeUndefined()
})

test('without room nothing is stored: blocks of others are put off, with nobody to blame, and a post is refused', async () => {
  const on = await rig()
  const blocks = line(3)
  await takeIn(on, blocks.slice(0, 1))
  on.disk.noRoom = LOW
  expect(await takeIn(on, blocks)).toEqual(['postponed', 'postponed', 'postponed'])
  expect(await makes(on, 1)).toEqual({ ok: false, fault: LOW })
  expect((await on.replica.block(1)).id).toBe(blocks[0]!.block.id)
  on.disk.noRoom = undefined
  expect(await takeIn(on, blocks)).toEqual(['known', 'accepted', 'accepted'])
})

test('a write that fails for want of room acknowledges nothing, and what is stored can still be read', async () => {
  const on = await rig()
  const blocks = line(2)
  await takeIn(on, blocks.slice(0, 1))
  const full = new Error('a write failed', { cause: new Error('No space left on device') })
  on.store.commit = () => Promise.reject(full)
  await expect(makes(on, 1)).rejects.toBe(full)
  expect(await takeIn(on, blocks)).toEqual(['postponed', 'postponed'])
  const { graph } = on.replica
  expect([graph.heads().map((head) => graph.id(head)), on.replica.blocks]).toEqual([[blocks[0]!.block.id], 1])
  expect((await on.replica.block(1)).id).toBe(blocks[0]!.block.id)
})
