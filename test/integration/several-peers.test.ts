/** Spec §8, step 3: a chain that several peers have is pulled from them at once. Real daemons, real TCP. */
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MadeBlock } from '../../src/dag/block.ts'
import { systemClock } from '../../src/node/base/clock.ts'
import { openDatabase } from '../../src/node/storage/database.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { Replica } from '../../src/node/chain/replica.ts'
import { author, chain, must, post } from '../support/blocks.ts'
import { eventually, Playground } from '../support/daemon.ts'

const OWNED = chain(`@!${author(0).author}`)
const NAME = OWNED.params.name
const BLOCKS = 6_000

let ground: Playground

beforeAll(async () => {
  ground = await Playground.open()
})
afterAll(async () => {
  await ground.close()
})

/** A data directory that has the chain, and has never run. */
async function fill(dir: string): Promise<void> {
  const disk = must(await openDatabase(dir))
  const modules = { store: disk.chain(OWNED.id), clock: systemClock, log: silentLogger }
  const replica = await Replica.open({ chain: OWNED, seed: 1 }, modules)
  const blocks: MadeBlock[] = []
  for (let n = 0; n < BLOCKS; n++) {
    const back = blocks.at(-1)
    blocks.push(post(OWNED, { backs: back === undefined ? [] : [back.block], payload: String(n), author: 0 }))
  }
  await replica.ingest(blocks, 'pull')
  await replica.close()
  await disk.close()
}

test('both give a part of it, and each block comes once', async () => {
  await fill(join(ground.root, 'ann'))
  await cp(join(ground.root, 'ann'), join(ground.root, 'bob'), { recursive: true })
  const chains = [{ name: NAME }]
  const [ann, bob] = await Promise.all([ground.start('ann', { chains }), ground.start('bob', { chains })])
  const peers = [ann.addresses[0]!, bob.addresses[0]!]
  const joiner = await ground.start('joiner', { peers })
  await eventually(
    () => joiner.client.call('peer.list', {}),
    (list) => list.filter(({ connected }) => connected).length === 2,
  )
  await joiner.client.call('chains.join', { name: NAME })
  await eventually(
    () => joiner.client.call('chain.status', { chain: NAME }),
    (status) => status.blocks === BLOCKS && status.state === 'synced',
  )
  const gained = new Map<string, number>()
  for (const line of joiner.log().split('\n')) {
    if (!line.includes('"sync.pulled"')) continue
    const { peer, fresh } = JSON.parse(line) as { peer: string; fresh: number }
    gained.set(peer, (gained.get(peer) ?? 0) + fresh)
  }
  expect([...gained.values()].reduce((sum, fresh) => sum + fresh, 0)).toBe(BLOCKS)
  expect(gained.get(ann.peerId)).toBeGreaterThan(0)
  expect(gained.get(bob.peerId)).toBeGreaterThan(0)
})
