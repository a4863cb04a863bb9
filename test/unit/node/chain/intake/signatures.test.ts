/**
 * Signatures on their way in (spec §3): what the native verifier does not take is looked at again within a budget, and put off beyond
 * it; never refused for that, and never looked at twice.
 */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { MadeBlock } from '../../../../../src/dag/block.ts'
import * as crypto from '../../../../../src/dag/crypto.ts'
import { verifyNative } from '../../../../../src/dag/native-ed25519.ts'
import { fetchHeld } from '../../../../../src/node/net/sync/fetch-held.ts'
import { payloadOfPulled } from '../../../../../src/node/net/sync/payload-fetch.ts'
import type { SyncStream } from '../../../../../src/node/net/sync/client.ts'
import type { PulledBlock } from '../../../../../src/protocol/fetch.ts'
import type { RequestBody } from '../../../../../src/protocol/messages.ts'
import { author, chain, post } from '../../../../support/blocks.ts'
import { inWords, openReplica, takeIn } from '../../../../support/replicas.ts'
import { wireBlock } from '../../../../support/stranger.ts'
import { forged, TORSION, torsionPost } from '../../../../support/torsion.ts'

vi.mock('../../../../../src/dag/crypto.ts', { spy: true })

/** Of an owner who signs as no honest one does. */
const ODD = chain(`@${TORSION.author}`)
const PLAIN = chain(`@${author(1).author}`)

/** A budget that is counted. */
function budget(left: number): { readonly may: () => boolean; asked: number } {
  const counted = { asked: 0, may: (spent = 1) => (counted.asked += spent) <= left }
  return counted
}

function row(make: (back: MadeBlock | undefined) => MadeBlock, count: number): MadeBlock[] {
  const made: MadeBlock[] = []
  for (let n = 0; n < count; n += 1) made.push(make(made.at(-1)))
  return made
}

const odd = (count: number): MadeBlock[] =>
  row((back) => torsionPost(ODD, { backs: back === undefined ? [] : [back.block] }), count)

const slow = vi.mocked(crypto.verifyZip215)
beforeEach(() => {
  slow.mockClear()
})

test('the odd signatures of these tests hold by ZIP-215, and no native verifier takes any of them', () => {
  for (const { block } of odd(3)) {
    const { header, id, signature = new Uint8Array() } = block
    expect(verifyNative(TORSION.author, id, signature)).toBe(false)
    expect(crypto.verify(header.author!, id, signature)).toBe(true)
    expect(crypto.verify(header.author!, id, forged({ block, payload: new Uint8Array() }).block.signature!)).toBe(false)
  }
})

describe('what the native verifier does not take', () => {
  test('gets in as far as the budget goes; one over is put off, with all above it, and gets in later', async () => {
    const { replica } = await openReplica(ODD)
    const blocks = odd(5)
    const three = budget(3)
    expect((await replica.ingest(blocks, 'pull', three.may)).map(inWords)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'postponed',
      'DAG_MISSING_BACK',
    ])
    expect([slow.mock.calls.length, replica.blocks]).toEqual([3, 3])
    const rest = await replica.ingest(blocks.slice(3), 'pull', budget(2).may)
    expect([rest.map(inWords), replica.blocks]).toEqual([['accepted', 'accepted'], 5])
  })

  test('costs the others nothing: what it takes asks for no budget', async () => {
    const forum = chain('#both', author(1).author, TORSION.author)
    const { replica } = await openReplica(forum)
    const list = [post(forum, { author: 1 }), torsionPost(forum), post(forum, { author: 1, payload: 'more' })]
    const none = budget(0)
    expect((await replica.ingest(list, 'pull', none.may)).map(inWords)).toEqual(['accepted', 'postponed', 'accepted'])
    expect([none.asked, slow.mock.calls.length]).toEqual([1, 0])
  })

  test('alone, too', async () => {
    const { replica } = await openReplica(ODD)
    const [first] = odd(1)
    expect((await replica.ingest([first!], 'gossip', budget(0).may)).map(inWords)).toEqual(['postponed'])
    expect((await replica.ingest([first!], 'gossip', budget(1).may)).map(inWords)).toEqual(['accepted'])
  })

  test('is taken without a limit where nobody sent it', async () => {
    expect(await takeIn(await openReplica(ODD), odd(2))).toEqual(['accepted', 'accepted'])
  })
})

describe('forged signatures', () => {
  test('of a whole reply cost one look: the first is refused, and nothing behind it is looked at', async () => {
    const on = await openReplica(PLAIN)
    const good = post(PLAIN, { author: 1 })
    const bad = Array.from({ length: 200 }, (_, n) => forged(post(PLAIN, { author: 1, payload: String(n) })))
    const plenty = budget(1000)
    const outcomes = (await on.replica.ingest([good, ...bad], 'pull', plenty.may)).map(inWords)
    expect(outcomes.slice(0, 3)).toEqual(['accepted', 'DAG_BAD_SIGNATURE', 'postponed'])
    expect([outcomes.length, plenty.asked, slow.mock.calls.length]).toEqual([201, 1, 1])
  })

  test('without a budget are put off and not believed', async () => {
    const { replica } = await openReplica(PLAIN)
    const bad = forged(post(PLAIN, { author: 1 }))
    expect((await replica.ingest([bad], 'pull', budget(0).may)).map(inWords)).toEqual(['postponed'])
    expect(replica.blocks).toBe(0)
  })
})

describe('a payload in frames', () => {
  const payload = new Uint8Array(100_000)

  /** A peer that says it has no payload, and notes what it is asked for. */
  function silent(): { readonly stream: SyncStream; readonly asked: RequestBody['t'][] } {
    const asked: RequestBody['t'][] = []
    const stream = {
      peer: 'somebody',
      request: ({ t }: RequestBody) => {
        asked.push(t)
        return Promise.resolve({ ok: true, value: { t: 'no-payload', id: 1, why: 'absent' } })
      },
    }
    return { stream: stream as unknown as SyncStream, asked }
  }

  /** What is asked for of a block whose payload comes in frames, and what becomes of it. */
  async function pulled(made: MadeBlock, on: typeof ODD, left: number): Promise<unknown> {
    const { replica } = await openReplica(on)
    const { stream, asked } = silent()
    const { may } = budget(left)
    const given: PulledBlock = { block: made.block, state: 'frames' }
    const options = { replica, stream, signal: new AbortController().signal, mayRecheck: may }
    const found = await payloadOfPulled(given, { ...options, onFrame: () => undefined, shouldYield: () => false })
    if (!found.ok) return found.fault
    const outcomes = await replica.ingest([{ block: made.block, payload: found.value }], 'pull', may)
    return [asked, outcomes.map(inWords), slow.mock.calls.length]
  }

  test('is not fetched for a forged signature, nor for one that there is no budget for; one look serves both', async () => {
    const good = torsionPost(ODD, { payload })
    expect(await pulled(good, ODD, 1)).toEqual([['frame'], ['accepted'], 1])
    slow.mockClear()
    expect(await pulled(torsionPost(ODD, { payload }), ODD, 0)).toEqual([[], ['postponed'], 0])
    expect(await pulled(forged(post(PLAIN, { author: 1, payload })), PLAIN, 5)).toEqual([[], ['DAG_BAD_SIGNATURE'], 1])
  })
})

test('held posts of a peer are within its budget, too', async () => {
  const { replica } = await openReplica(ODD)
  const [first] = odd(1)
  const stream = {
    request: (request: RequestBody) =>
      Promise.resolve({
        ok: true,
        value:
          request.t === 'held'
            ? { t: 'ids', id: 1, ids: [first!.block.id], more: false }
            : { t: 'blocks', id: 2, asked: 1, blocks: [wireBlock(first!)] },
      }),
  }
  const options = { signal: new AbortController().signal, mayRecheck: budget(0).may }
  expect(await fetchHeld(stream as unknown as SyncStream, replica, options)).toEqual({ ok: true, value: [] })
  expect(slow).not.toHaveBeenCalled()
})
