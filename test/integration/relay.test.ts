/**
 * A man in the middle of two members of a group (spec §8): they dial him, he dials them, and he passes on every byte of
 * their streams. The nonces at both ends are the same, so it is the peer ids alone, as noise proved them, that stop him.
 */
import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keyPair } from '../../src/dag/passphrase.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { readMessages, readChunks } from '../../src/node/net/host/streams.ts'
import { decodeReply, decodeRequest } from '../../src/protocol/codec.ts'
import { MESSAGE_BYTES } from '../../src/protocol/sync-limits.ts'
import { SYNC_PROTOCOL } from '../../src/protocol/messages.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { addressOf, soon, startHost } from '../support/hosts.ts'

const GROUP = { name: '$family', key: randomBytes(32).toString('hex') }
const FORUM = '#public'

let playground: Playground
/** Both are members. */
let asker: Daemon
let answerer: Daemon
let middle: Host
/** What passed through him, each way, as kinds of messages. */
const passed: { readonly asked: string[]; readonly answered: string[] } = { asked: [], answered: [] }

beforeAll(async () => {
  playground = await Playground.open()
  const founder = (await keyPair('pioneer')).pub
  const chains = [GROUP, { name: FORUM, founder }]
  asker = await playground.start('asker', { chains })
  answerer = await playground.start('answerer', { chains })
  middle = await startHost()
  for (const daemon of [asker, answerer]) {
    await middle.connect(multiaddr(daemon.addresses[0]), { signal: soon() })
  }
  await middle.libp2p.handle(SYNC_PROTOCOL, async (stream, { remotePeer }) => {
    const chunks = readChunks(stream)
    const from = remotePeer.toString() === asker.peerId ? answerer : asker
    const onward = await middle.libp2p.dialProtocol(multiaddr(from.addresses[0]), SYNC_PROTOCOL, { signal: soon() })
    void passOn(chunks, onward, (frame) => {
      const request = decodeRequest(frame)
      if (request.ok) passed.asked.push(request.value.t)
    })
    void passOn(readChunks(onward), stream, (frame) => {
      const reply = decodeReply(frame)
      if (reply.ok) passed.answered.push(reply.value.t)
    })
  })
})

afterAll(async () => {
  await middle.stop()
  await playground.close()
})

/** Every byte as it came; looks at whole frames on the way. */
async function passOn(
  chunks: ReturnType<typeof readChunks>,
  to: Stream,
  look: (frame: Uint8Array) => void,
): Promise<void> {
  const through = async function* (): ReturnType<typeof readChunks> {
    for await (const chunk of chunks) {
      to.send(chunk.subarray())
      yield chunk
    }
  }
  try {
    for await (const frame of readMessages(MESSAGE_BYTES)(through())) look(frame)
  } catch {
    // One end hung up.
  }
}

/** One member asks the man in the middle, whom it takes for a peer like others, for a chain that the other one has. */
function pullThrough(chain: string): Promise<unknown> {
  return asker.client.call('peer.recv', { addr: addressOf(middle).toString(), chain })
}

test('§8 in a public chain he passes on what he hears: that is what peers are for', async () => {
  const pvt = await answerer.client.call('keys.pubpvt', { passphrase: 'pioneer' })
  await answerer.client.call('chain.post', { chain: FORUM, text: 'for everybody', sign: pvt.pvt })
  expect(await pullThrough(FORUM)).toMatchObject({ new: 1, missing: 0 })
  // He is asked whether he has the chain, too.
  expect(passed.asked).toEqual(expect.arrayContaining(['open', 'diff', 'get']))
  expect(passed.answered).toEqual(expect.arrayContaining(['opened', 'ids', 'blocks']))
})

test('§8 in a group neither member lets him in with what the other one proved, and nothing passes', async () => {
  await answerer.client.call('chain.post', { chain: GROUP.name, text: 'for the family' })
  // The stream is the one of the test before, or a new one: in either case he has not altered a byte of it.
  passed.asked.length = 0
  passed.answered.length = 0
  await expect(pullThrough(GROUP.name)).rejects.toThrow(/does not have this chain/)
  // `opened` is of the forum, if that was compared meanwhile.
  expect(new Set(passed.asked)).toEqual(new Set(['open']))
  expect(new Set(passed.answered.filter((answer) => answer !== 'opened'))).toEqual(new Set(['refuse']))
  expect(await asker.client.call('chain.consensus', { chain: GROUP.name })).toHaveLength(1)
  // The two of them, without him.
  const direct = { addr: answerer.addresses[0]!, chain: GROUP.name }
  expect(await asker.client.call('peer.recv', direct)).toMatchObject({ new: 1 })
})
