/** `chain missing` (spec §8 step 4, §11): what a peer had not is listed, until another peer gives it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { showId } from '../../src/dag/ids.ts'
import { author, chain, post } from '../support/blocks.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { Shell } from '../support/shell.ts'
import { servingBlocks, Stranger } from '../support/stranger.ts'

const IDENTITY = chain(`@${author(1).author}`)
const { name } = IDENTITY.params
const large = post(IDENTITY, { author: 1, payload: 'x'.repeat(100_000) })

let playground: Playground
let node: Daemon
const strangers: Stranger[] = []

beforeAll(async () => {
  playground = await Playground.open()
  node = await playground.start('node', { chains: [{ name }] })
})

afterAll(async () => {
  await Promise.all(strangers.map((stranger) => stranger.stop()))
  await playground.close()
})

/** The node pulls from a peer that has the block, and its payload or not. */
async function pullFrom({ isWhole }: { readonly isWhole: boolean }): Promise<void> {
  const stranger = await Stranger.start()
  strangers.push(stranger)
  stranger.answer = servingBlocks(
    IDENTITY,
    [large],
    isWhole ? {} : { frame: (_honest, { id }) => ({ t: 'no-payload', id, why: 'absent' }) },
  )
  await node.client.call('peer.recv', { addr: stranger.address, chain: name })
}

test('a payload that nobody has given is listed with why, on the command line too, and is gone when somebody did', async () => {
  const shell = Shell.in(playground.root)
  const command = async (): Promise<string> => {
    const { status, out, err } = await shell.run([`--port=${String(node.controlPort)}`, 'chain', name, 'missing'])
    expect({ status, err }).toEqual({ status: 0, err: '' })
    return out
  }
  expect(await command()).toBe('')
  await pullFrom({ isWhole: false })
  const id = showId(1, large.block.id)
  const why = expect.stringMatching(/^1 peer was asked, and none had it; /) as string
  expect(await node.client.call('chain.missing', { chain: name })).toEqual([
    { id, size: 100_000, author: author(1).author, why },
  ])
  expect(await command()).toMatch(new RegExp(`^${id} 100000 ${author(1).author} 1 peer was asked, .*\\n$`))
  await pullFrom({ isWhole: true })
  expect(await command()).toBe('')
})
