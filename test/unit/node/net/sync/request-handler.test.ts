/** What a responder loads for a `get` (spec §8), from a memory store that the test changes meanwhile. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import { MemoryStore } from '../../../../support/memory-store.ts'
import type { StoredBlock } from '../../../../../src/dag/store.ts'
import type { Reply } from '../../../../../src/protocol/messages.ts'
import { bytes, chain, must, post } from '../../../../support/blocks.ts'
import { openReplica, takeIn } from '../../../../support/replicas.ts'
import { wiredTo } from '../../../../support/wired.ts'

const forum = chain('#forum')
const first = post(forum, { author: 1, payload: 'first' })
const empty = post(forum, { author: 1, backs: [first.block], payload: '' })
const last = post(forum, { author: 1, backs: [empty.block], payload: 'last' })
const unknown = post(forum, { author: 1, payload: 'never taken in' })
const signal = new AbortController().signal

/** Answers a `get` from this store, which holds {@link first}, {@link empty} and {@link last}. */
async function get(store: MemoryStore, ...blocks: readonly MadeBlock[]): Promise<Reply & { t: 'blocks' }> {
  const filled = await openReplica(forum, store)
  expect(await takeIn(filled, [first, empty, last])).toEqual(['accepted', 'accepted', 'accepted'])
  const { stream } = await wiredTo(filled.replica, 1)
  must(await stream.request({ t: 'open', chain: forum.rendezvous }, { signal }))
  const ids = blocks.map(({ block }) => block.id)
  return must(await stream.request({ t: 'get', chain: forum.rendezvous, ids }, { signal })) as Reply & { t: 'blocks' }
}

function sent({ block: { headerBytes, signature }, payload }: MadeBlock): unknown {
  return { headerBytes, signature, state: 'inline', payload }
}

describe('§8 blocks that are asked for', () => {
  test('come in the order asked, as often as asked, and what is not had is settled without a block', async () => {
    const { asked, blocks } = await get(new MemoryStore(), last, unknown, empty, last, first)
    expect(asked).toBe(5)
    expect(blocks).toEqual([last, empty, last, first].map(sent))
  })

  test.each([
    ['was deleted meanwhile', undefined],
    ['is of another length', bytes('longer than it was')],
  ])('a payload that %s is absent', async (_what, frame) => {
    const store = new MemoryStore()
    const firstFrames = store.firstFrames.bind(store)
    store.firstFrames = async (ids) => {
      const frames = await firstFrames(ids)
      return ids.map((id, n) => (id === first.block.id ? frame : frames[n]))
    }
    const { blocks } = await get(store, first, last)
    expect(blocks.map(({ state }) => state)).toEqual(['absent', 'inline'])
  })

  test.each([
    ['at its beginning', 5],
    ['in the size of its payload', 70],
    ['at its end', -1],
  ])('a header that the disk has altered %s goes to nobody', async (_where, at) => {
    const store = new MemoryStore()
    const blocks = store.blocks.bind(store)
    store.blocks = async (indexes) => (await blocks(indexes)).map((stored) => stored && altered(stored, at))
    await expect(get(store, first)).rejects.toThrow(`the header of block ${first.block.id} is not what it was`)
  })
})

function altered({ headerBytes }: StoredBlock, at: number): StoredBlock {
  const copy = headerBytes.slice()
  const place = (at + copy.byteLength) % copy.byteLength
  copy[place] = (copy[place] ?? 0) ^ 1
  return { headerBytes: copy }
}
