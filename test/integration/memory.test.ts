/** Memory while a payload of the largest size passes (spec §8): bounded on the side that takes it, and on the one that gives it. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MAX_PAYLOAD_OWNER_BYTES } from '../../src/dag/block-limits.ts'
import { author, chain, post } from '../support/blocks.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { anonymousGrowth } from '../support/footprint.ts'
import { ALICE } from '../support/attack-blocks.ts'
import { servingBlocks, Stranger } from '../support/stranger.ts'

const MIB = 1024 * 1024

/**
 * More than what passes leaves behind it: up to 32 MiB of buffers before V8 looks at the young ones, what survived that, LevelDB's
 * buffers, and code that runs for the first time. Less than it was (110 MiB) when copies of frames waited for a look at all of the heap.
 */
const FIRST_BYTES = 88 * MIB

/** What was there for the first is used again. */
const SECOND_BYTES = 32 * MIB

let playground: Playground
let stranger: Stranger

/** Each attempt looks at daemons that have just been started. */
let attempts = 0

beforeAll(async () => {
  playground = await Playground.open()
  stranger = await Stranger.start()
})

afterAll(async () => {
  await stranger.stop()
  await playground.close()
})

test('payloads of 64 MiB pass from one to the next, and hardly anything of them is held', async () => {
  const on = chain(`@!${author(ALICE).author}`)
  const { name } = on.params
  const payload = randomBytes(MAX_PAYLOAD_OWNER_BYTES)
  const first = post(on, { author: ALICE, payload })
  const second = post(on, { author: ALICE, payload, backs: [first.block] })
  attempts += 1
  const taker = await playground.start(`taker${attempts}`, { chains: [{ name }] })
  const next = await playground.start(`next${attempts}`, { chains: [{ name }] })
  const recv = (daemon: Daemon, addr: string): Promise<unknown> =>
    daemon.client.call('peer.recv', { addr, chain: name })
  const grown = async (): Promise<number[]> => {
    const [taken = Infinity] = await anonymousGrowth([taker], () => recv(taker, stranger.address))
    const passed = await anonymousGrowth([taker, next], () => recv(next, taker.addresses[0] ?? ''))
    return [taken, ...passed]
  }

  stranger.answer = servingBlocks(on, [first])
  for (const bytes of await grown()) expect(bytes).toBeLessThan(FIRST_BYTES)
  stranger.answer = servingBlocks(on, [first, second])
  for (const bytes of await grown()) expect(bytes).toBeLessThan(SECOND_BYTES)
  const status = await next.client.call('chain.status', { chain: name })
  expect(status).toMatchObject({ blocks: 2, missing: 0 })
})
