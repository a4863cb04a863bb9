import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect, test } from 'vitest'
import { showId } from '../../../../src/dag/ids.ts'
import { listMissing } from '../../../../src/node/api/missing-list.ts'
import { askForMissing } from '../../../../src/node/net/sync/missing-payloads.ts'
import type { Replica } from '../../../../src/node/chain/replica.ts'
import type { SyncStream } from '../../../../src/node/net/sync/client.ts'
import { author, chain, post } from '../../../support/blocks.ts'
import { NOW_MS, openReplica } from '../../../support/replicas.ts'

const IDENTITY = chain(`@${author(1).author}`)
const first = post(IDENTITY, { author: 1, payload: 'x'.repeat(70_000) })
const second = post(IDENTITY, { author: 1, payload: 'short', backs: [first.block] })
const IDS = [showId(1, first.block.id), showId(2, second.block.id)]

async function lacking(): Promise<Replica> {
  const { replica } = await openReplica(IDENTITY)
  await replica.ingest(
    [first, second].map(({ block }) => ({ block, payload: 'missing' as const })),
    'pull',
  )
  return replica
}

async function somebody(): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
}

/** Asks a peer that has no payload. */
async function meet(replica: Replica, peer: PeerId, nowMs: number): Promise<void> {
  const stream: SyncStream = {
    peer,
    nonces: { requester: new Uint8Array(32), responder: new Uint8Array(32) },
    closed: false,
    request: async () => ({ ok: true, value: { t: 'no-payload', id: 1, why: 'absent' } }),
    onClose: () => {},
  }
  const { signal } = new AbortController()
  await askForMissing(replica, stream, { signal, nowMs, onFrame: () => {}, shouldYield: () => false })
}

async function whyNot(replica: Replica, peers: number, nowMs = NOW_MS): Promise<string> {
  const list = await listMissing(replica, { peers, nowMs })
  expect(list.map(({ id }) => id)).toEqual(IDS)
  expect(new Set(list.map(({ why }) => why)).size).toBe(1)
  return list[0]?.why ?? ''
}

test('a payload that is wanted and not here is listed with its size and author until it comes', async () => {
  const replica = await lacking()
  const list = await listMissing(replica, { peers: 1, nowMs: NOW_MS })
  expect(list).toMatchObject([
    { id: IDS[0], size: 70_000, author: author(1).author },
    { id: IDS[1], size: 5, author: author(1).author },
  ])
  await replica.store.putFrame(first.block.id, 0, new Uint8Array(70_000).fill(0x78))
  await replica.payloadArrived(1, 70_000)
  expect((await listMissing(replica, { peers: 1, nowMs: NOW_MS })).map(({ id }) => id)).toEqual(IDS.slice(1))
})

test('why: nobody is connected, nobody was asked yet, or so many were asked and when that is tried again', async () => {
  const replica = await lacking()
  expect(await whyNot(replica, 0)).toMatch(/^nobody was asked yet; no peer of the chain is connected/)
  expect(await whyNot(replica, 1)).toMatch(/^nobody was asked yet; it is asked for when a peer is next met/)

  const [one, other] = [await somebody(), await somebody()]
  await meet(replica, one, NOW_MS)
  expect(await whyNot(replica, 1)).toBe('1 peer was asked, and none had it; asked for again in 60 s')
  expect(await whyNot(replica, 2)).toMatch(/again in 60 s, of others when they are next met$/)
  expect(await whyNot(replica, 0)).toMatch(/^1 peer was asked, and none had it; no peer of the chain is connected/)
  expect(await whyNot(replica, 1, NOW_MS + 60_000)).toMatch(/none had it; it is asked for when a peer is next met/)

  await meet(replica, one, NOW_MS + 60_000)
  await meet(replica, one, NOW_MS + 200_000)
  await meet(replica, other, NOW_MS + 350_000)
  expect(await whyNot(replica, 2, NOW_MS + 350_000)).toBe(
    '2 peers were asked, and none had it; asked for again in 60 s',
  )
  expect(await whyNot(replica, 2, NOW_MS + 200_000)).toMatch(/^2 peers were asked, .* again in 4 min$/)
})
