/** Fetches of long payloads, frame by frame (spec §8): what is verified, and whose fault an incomplete payload is. */
import { describe, expect, test, vi } from 'vitest'
import { FRAME_BYTES } from '../../../../../src/dag/store.ts'
import { fetchPayload } from '../../../../../src/node/net/sync/payload-fetch.ts'
import type { SyncStream } from '../../../../../src/node/net/sync/client.ts'
import type { RequestBody } from '../../../../../src/protocol/messages.ts'
import { author, chain, post } from '../../../../support/blocks.ts'
import { openReplica } from '../../../../support/replicas.ts'
import { altered } from '../../../../support/stranger.ts'

const ON = chain(`@${author(1).author}`)
const PAYLOAD = new Uint8Array(3 * FRAME_BYTES + 5).map((_, at) => at % 251)
const { block } = post(ON, { author: 1, payload: PAYLOAD })

/** A peer that sends this payload; `asked` has the requested frames. */
function giving(payload: Uint8Array, onAsked: (n: number) => Promise<void> = () => Promise.resolve()) {
  const asked: number[] = []
  const request = async (message: RequestBody): Promise<unknown> => {
    if (message.t !== 'frame') throw new Error('only frames are asked for')
    const n = message.offset / FRAME_BYTES
    asked.push(n)
    await onAsked(n)
    const bytes = payload.subarray(message.offset, message.offset + FRAME_BYTES)
    return { ok: true, value: { t: 'frame', id: 1, offset: message.offset, bytes } }
  }
  return { stream: { peer: 'somebody', request } as unknown as SyncStream, asked }
}

async function fetching(stream: SyncStream) {
  const { replica } = await openReplica(ON)
  const options = { replica, stream, block, signal: new AbortController().signal }
  const fetch = (from = stream): ReturnType<typeof fetchPayload> =>
    fetchPayload({ ...options, stream: from, onFrame: () => undefined, shouldYield: () => false })
  return { store: replica.store, fetch }
}

describe('a payload in frames', () => {
  test('that came as a whole is looked at as it passes, and not read again', async () => {
    const { store, fetch } = await fetching(giving(PAYLOAD).stream)
    const read = vi.spyOn(store, 'frame')
    expect(await fetch()).toEqual({ ok: true, value: 'stored' })
    expect(read).not.toHaveBeenCalled()
    expect(await store.frames(block.id)).toBe(4)
  })

  test('of another content is the fault of who gave all of it, and none of it is kept', async () => {
    const { store, fetch } = await fetching(giving(altered(PAYLOAD)).stream)
    expect(await fetch()).toMatchObject({ ok: false, fault: { code: 'SYNC_BAD_PAYLOAD' } })
    expect(await store.frames(block.id)).toBe(0)
  })

  test('that goes on where another peer, who lied, had begun, is asked for again as a whole, and nobody else is blamed', async () => {
    const { stream, asked } = giving(PAYLOAD)
    const { store, fetch } = await fetching(stream)
    await store.putFrame(block.id, 0, altered(PAYLOAD.subarray(0, FRAME_BYTES)))
    expect(await fetch()).toEqual({ ok: true, value: 'stored' })
    expect(asked).toEqual([1, 2, 3, 0, 1, 2, 3])
    expect(await store.frame(block.id, 0)).toEqual(PAYLOAD.subarray(0, FRAME_BYTES))
  })

  test('of which frames had to go meanwhile is not here, and that is not the fault of who gave it', async () => {
    const peer = giving(PAYLOAD, async (n) => {
      if (n === 3) await vi.waitFor(async () => expect(await at.store.frames(block.id)).toBe(3))
      if (n === 3) await at.store.dropFrames(block.id)
    })
    const at = await fetching(peer.stream)
    expect(await at.fetch()).toMatchObject({ ok: false, fault: { code: 'RPC_ABORTED' } })
  })

  test('is written by one fetch: what an earlier one still has does not go over it', async () => {
    const lies = altered(PAYLOAD)
    const late = Promise.withResolvers<undefined>()
    const slow = giving(lies, async (n) => {
      if (n === 0) await late.promise
    })
    const { store, fetch } = await fetching(slow.stream)
    const put = vi.spyOn(store, 'putFrame')
    const overtaking = Promise.withResolvers<Awaited<ReturnType<typeof fetch>>>()
    // All its frames have arrived; another fetch begins while the first one is stored.
    put.mockImplementationOnce(async () => overtaking.resolve(await fetch(giving(PAYLOAD).stream)))
    const lost = fetch()
    await vi.waitFor(() => expect(slow.asked).toEqual([0, 1, 2, 3]))
    late.resolve(undefined)
    expect(await lost).toMatchObject({ ok: false, fault: { code: 'RPC_ABORTED' } })
    expect(await overtaking.promise).toEqual({ ok: true, value: 'stored' })
    expect(put.mock.calls.filter(([, , bytes]) => bytes.buffer === lies.buffer)).toHaveLength(1)
  })
})
