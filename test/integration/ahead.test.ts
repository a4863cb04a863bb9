/** Blocks ahead of the clock (spec §3), whichever way they come: set aside until their time, and nobody is blamed. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { author, chain, post } from '../support/blocks.ts'
import { eventually, Playground } from '../support/daemon.ts'
import { ALICE, riding, shown } from '../support/attack-blocks.ts'
import { BREACHES, servingBlocks, Stranger } from '../support/stranger.ts'

const HOUR_MS = 3_600_000

let playground: Playground
let stranger: Stranger

beforeEach(async () => {
  playground = await Playground.open()
  stranger = await Stranger.start()
})

afterEach(async () => {
  await stranger.stop()
  await playground.close()
})

test('a block ahead of the clock is set aside, whichever way it came, until its time has come; nobody is blamed', async () => {
  const name = '#ahead'
  const on = chain(name)
  const ahead = await playground.start('ahead', { testClock: true, chains: [{ name, founder: author(ALICE).author }] })
  const base = post(on, { author: ALICE, time: Date.now() })
  const soonest = post(on, { author: ALICE, backs: [base.block], time: Date.now() + HOUR_MS, payload: 'pulled' })
  const next = post(on, { author: ALICE, backs: [base.block], time: Date.now() + HOUR_MS, payload: 'heard' })
  const above = post(on, { author: ALICE, backs: [soonest.block, next.block] })
  stranger.answer = servingBlocks(on, [base, soonest])
  const recv = await ahead.client.call('peer.recv', { addr: stranger.address, chain: name })
  expect(recv).toMatchObject({ new: 1 })
  await stranger.say(on, () => riding(next))
  const status = (): ReturnType<typeof ahead.client.call<'chain.status'>> =>
    ahead.client.call('chain.status', { chain: name })
  await eventually(status, ({ held }) => held === 2)
  stranger.answer = servingBlocks(on, [base, soonest, next, above])
  await ahead.client.call('peer.recv', { addr: stranger.address, chain: name })
  expect(await status()).toMatchObject({ blocks: 1, held: 3 })
  expect(await ahead.client.call('chain.heads', { chain: name })).toEqual([shown(base)])
  await ahead.client.call('host.now', { ms: Date.now() + HOUR_MS })
  expect(await status()).toMatchObject({ blocks: 4, held: 0 })
  expect(await ahead.client.call('chain.heads', { chain: name })).toEqual([shown(above)])
  expect(await stranger.breachesLeft(ahead)).toBe(BREACHES)
})
