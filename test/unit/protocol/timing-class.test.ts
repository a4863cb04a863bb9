/**
 * A non-member cannot tell a group from a chain that is not there, by answer or by the work that the answer takes (spec
 * §8). The work is counted, not timed: every digest, key and comparison of secrets goes through `dag/crypto.ts`.
 */
import { randomBytes } from 'node:crypto'
import type { PeerId } from '@libp2p/interface'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as crypto from '../../../src/dag/crypto.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { createRequestHandler } from '../../../src/node/net/sync/request-handler.ts'
import type { SyncCaller } from '../../../src/node/net/sync/server.ts'
import { PROOF_BYTES } from '../../../src/protocol/sync-limits.ts'
import { proofFor, proofHolds, type Handshake } from '../../../src/protocol/membership-proof.ts'
import type { Reply, Request } from '../../../src/protocol/messages.ts'
import { chain } from '../../support/blocks.ts'
import { openReplica } from '../../support/replicas.ts'
import { HANDSHAKE } from '../../support/sync-sim.ts'

vi.mock('../../../src/dag/crypto.ts', { spy: true })

const KEY = new Uint8Array(32).fill(9)
const GROUP = chain('$timing', bytesToHex(KEY))
const ABSENT = chain('$timing', '0a'.repeat(32))
const BLOCK = blockId(new Uint8Array(32).fill(2))

beforeEach(() => {
  vi.clearAllMocks()
})

/** How often each function of `dag/crypto.ts` was called since the last time; only those that were. */
function work(): Record<string, number> {
  const counts = Object.entries(crypto).flatMap(([name, value]): [string, number][] => {
    const calls = vi.isMockFunction(value) ? value.mock.calls.length : 0
    return calls === 0 ? [] : [[name, calls]]
  })
  vi.clearAllMocks()
  return Object.fromEntries(counts)
}

interface Asked {
  readonly replies: readonly Reply[]
  readonly work: readonly Record<string, number>[]
}

describe('to who does not prove the key', async () => {
  const peer: PeerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const self: PeerId = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const nonces = { requester: new Uint8Array(32).fill(1), responder: new Uint8Array(32).fill(2) }
  const handshake: Handshake = {
    requesterNonce: nonces.requester,
    responderNonce: nonces.responder,
    requesterPeer: peer.toMultihash().bytes,
    responderPeer: self.toMultihash().bytes,
  }

  /** Every request about a chain on a stream of its own, the first one an `open`. */
  async function askAll(about: typeof GROUP, proof: Uint8Array | undefined): Promise<Asked> {
    const { replica } = await openReplica(GROUP)
    const respond = createRequestHandler({
      self,
      find: (rendezvous) => (rendezvous === bytesToHex(GROUP.rendezvous) ? replica : undefined),
      onOffer: () => Promise.resolve({ fresh: 0, missing: 0 }),
    })
    const on = { chain: about.rendezvous, id: 7 }
    const requests: Request[] = [
      { t: 'open', ...on, ...(proof === undefined ? {} : { proof }) },
      { t: 'heads', ...on, after: BLOCK },
      { t: 'diff', ...on, have: [] },
      { t: 'folds', ...on, prefixes: [''] },
      { t: 'get', ...on, ids: [BLOCK] },
      { t: 'frame', ...on, block: BLOCK, offset: 0 },
      { t: 'held', ...on },
      { t: 'offer', ...on },
    ]
    const caller: SyncCaller = { peer, nonces, stream: {} }
    const asked = { replies: [] as Reply[], work: [] as Record<string, number>[] }
    work()
    for (const request of requests) {
      asked.replies.push(await respond(caller, request, new AbortController().signal))
      asked.work.push(work())
    }
    return asked
  }

  const proofs: [string, Uint8Array | undefined][] = [
    ['no proof', undefined],
    ['a random one', randomBytes(PROOF_BYTES)],
    ['zeros', new Uint8Array(PROOF_BYTES)],
    ['one under another key', proofFor({ key: new Uint8Array(32).fill(8), handshake }, 'requester')],
    ['one under the key that stands for none', proofFor({ key: new Uint8Array(32), handshake }, 'requester')],
    ['one of the other role', proofFor({ key: KEY, handshake }, 'responder')],
    ['one of another stream', proofFor({ key: KEY, handshake: HANDSHAKE }, 'requester')],
  ]

  test.each(proofs)('%s: the same answers, and the same work for each of them', async (_what, proof) => {
    const group = await askAll(GROUP, proof)
    const absent = await askAll(ABSENT, proof)
    expect(group).toEqual(absent)
    expect(new Set(group.replies.map((reply) => JSON.stringify(reply)))).toEqual(
      new Set([JSON.stringify({ t: 'refuse', id: 7, code: 'unknown-chain' })]),
    )
    expect(group.work[0]).toEqual({ hkdfSha256: 1, hmacSha256: 1, constantTimeEqual: 1 })
    expect(group.work.slice(1)).toEqual(new Array(7).fill({}))
  })

  test('who proves it is answered, so these tests can fail', async () => {
    const { replies } = await askAll(GROUP, proofFor({ key: KEY, handshake }, 'requester'))
    expect(replies.map(({ t }) => t).filter((t) => t !== 'refuse')).toContain('opened')
    expect(replies.at(-1)).toMatchObject({ t: 'offered' })
  })
})

test('a proof is compared with one that is as long, in constant time, also if there is none', () => {
  const compare = vi.mocked(crypto.constantTimeEqual)
  for (const proof of [undefined, new Uint8Array(PROOF_BYTES), randomBytes(PROOF_BYTES)]) {
    expect(proofHolds(proof, { key: KEY, handshake: HANDSHAKE }, 'requester')).toBe(false)
    const [sent, right] = compare.mock.lastCall ?? []
    expect([sent?.byteLength, right?.byteLength]).toEqual([PROOF_BYTES, PROOF_BYTES])
  }
})
