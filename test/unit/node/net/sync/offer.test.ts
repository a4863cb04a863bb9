/** What a command is told of an offer (spec §8, §10): what the peer gained, or that its pull failed; never that it gained nothing. */
import type { PeerId } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { controlErrorOf } from '../../../../../src/node/api/fault-reports.ts'
import { offerTo } from '../../../../../src/node/net/sync/commanded.ts'
import { createRequestHandler } from '../../../../../src/node/net/sync/request-handler.ts'
import type { SyncStream } from '../../../../../src/node/net/sync/client.ts'
import type { Offered, RequestBody } from '../../../../../src/protocol/messages.ts'
import { chain, post } from '../../../../support/blocks.ts'
import { openReplica, takeIn } from '../../../../support/replicas.ts'
import { peerOf } from '../../../../support/wired.ts'

const forum = chain('#forum')
const { signal } = new AbortController()

/** What the one who offers is told, if the peer's pull ends so. */
async function offered(pulled: Offered | undefined): ReturnType<typeof offerTo> {
  const [here, there] = [await openReplica(forum), await openReplica(forum)]
  for (const on of [here, there]) await takeIn(on, [post(forum, { author: 1 })])
  const [self, peer] = [await peerOf(0), await peerOf(1)]
  const onOffer = (): Promise<Offered | undefined> => Promise.resolve(pulled)
  const respond = createRequestHandler({ self: peer, find: () => there.replica, onOffer })
  const nonces = { requester: new Uint8Array(32).fill(1), responder: new Uint8Array(32).fill(2) }
  const caller = { peer: self, nonces, stream: {} }
  let lastId = 0
  const request = async (body: RequestBody): Promise<unknown> => {
    const value = await respond(caller, { ...body, id: (lastId += 1) }, signal)
    return { ok: true, value }
  }
  const stream = { peer, nonces, request } as unknown as SyncStream
  const client = { stream: (_: PeerId) => Promise.resolve({ ok: true, value: stream }) }
  const modules = { client, replica: here.replica, self, onFault: () => undefined, mayRecheck: () => true }
  return offerTo(peer, modules as unknown as Parameters<typeof offerTo>[1], signal)
}

test('what the peer gained and lacks', async () => {
  expect(await offered({ fresh: 2, missing: 1 })).toMatchObject({ ok: true, value: { fresh: 2, missing: 1 } })
  expect(await offered({ fresh: 0, missing: 0 })).toMatchObject({ ok: true, value: { fresh: 0, missing: 0 } })
})

test('a pull that failed there is an error that says so', async () => {
  const told = await offered(undefined)
  if (told.ok) expect.unreachable('nothing came there')
  else expect(controlErrorOf(told.fault).message).toMatch(/refused: its pull from here failed/)
})
