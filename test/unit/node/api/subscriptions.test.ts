/** What listeners get when a chain is left (spec §10), on a real disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { showChainId } from '../../../../src/dag/chain.ts'
import { showId } from '../../../../src/dag/ids.ts'
import { ChainRegistry, type Joined } from '../../../../src/node/chain/registry.ts'
import { systemClock } from '../../../../src/node/base/clock.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'
import { openDatabase } from '../../../../src/node/storage/database.ts'
import { listenAll, listenOne } from '../../../../src/node/api/subscriptions.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'
import type { NodeParts } from '../../../../src/node/api/node-parts.ts'
import type { ChainServices } from '../../../../src/node/net/chain-network.ts'
import { MempoolBudget } from '../../../../src/node/chain/intake/mempool-budget.ts'
import { NO_VERIFIER } from '../../../../src/node/chain/intake/signatures-ahead.ts'
import { chain, must, post } from '../../../support/blocks.ts'

const [talk, other] = [chain('$talk', 'AB'.repeat(32)), chain('$other', 'CD'.repeat(32))]
const ONCE = { remember: false }

let chains: ChainRegistry<ChainServices>
let signal: AbortSignal

beforeEach(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  const disk = must(await openDatabase(dir))
  const abort = new AbortController()
  signal = abort.signal
  const attached = { stop: () => Promise.resolve() } as unknown as ChainServices
  const onFailure = (error: Error): void => {
    throw error
  }
  const modules = {
    database: disk,
    clock: systemClock,
    log: silentLogger,
    seed: 1,
    verifier: NO_VERIFIER,
    mempoolBudget: new MempoolBudget(),
    onFailure,
  }
  chains = new ChainRegistry<ChainServices>({ ...modules, attach: () => attached })
  onTestFinished(async () => {
    abort.abort()
    await chains.stop()
    await disk.close()
    await rm(dir, { recursive: true })
  })
})

async function joined(one = talk): Promise<Joined<ChainServices>> {
  return must(await chains.join(one, ONCE))
}

const told = ({ chain: name, kind }: ControlEvent): string => `${name} ${kind}`

async function all(events: AsyncIterable<ControlEvent>): Promise<ControlEvent[]> {
  const list: ControlEvent[] = []
  for await (const event of events) list.push(event)
  return list
}

test('who listens to a chain is told that it is removed, with its id, and the subscription ends', async () => {
  const { replica } = await joined()
  const { events } = await listenOne({ replica, chains }, [], signal)
  const heard = all(events)
  await replica.ingest([post(talk, { payload: 'hi' })], 'here')
  await chains.leave(talk)
  const list = await heard
  expect(list.map(told)).toEqual(['$talk post', '$talk removed'])
  expect(list[1]).toEqual({ chain: '$talk', id: showChainId(talk), height: 0, backs: [], kind: 'removed' })
})

test('who listens to another chain hears nothing of it', async () => {
  await joined()
  const { replica } = await joined(other)
  const { events } = await listenOne({ replica, chains }, [], signal)
  const heard = all(events)
  await chains.leave(talk)
  await chains.leave(other)
  expect((await heard).map(told)).toEqual(['$other removed'])
})

test('a chain that was left before the subscription began, but after it was found, ends it too', async () => {
  const { replica } = await joined()
  const leaving = chains.leave(talk)
  const { events } = await listenOne({ replica, chains }, [], signal)
  await leaving
  expect((await all(events)).map(told)).toEqual(['$talk removed'])
})

test('who listens to all chains goes on with the others, and with the same one when it is joined again', async () => {
  const { replica } = await joined()
  const { events } = await listenAll({ chains } as NodeParts, undefined, signal)
  const reader = events[Symbol.asyncIterator]()
  const next = async (): Promise<ControlEvent> => (await reader.next()).value as ControlEvent
  // Work in progress while the chain is left is not reported after `removed`.
  await Promise.all([chains.leave(talk), replica.ingest([post(talk, { payload: 'late' })], 'here')])
  expect(told(await next())).toBe('$talk removed')
  const again = await joined()
  const hi = post(talk, { payload: 'hi' })
  await again.replica.ingest([hi], 'here')
  expect(await next()).toMatchObject({ kind: 'post', id: showId(1, hi.block.id) })
})

test('who was away then is told nothing of it: a cursor of a chain that is gone is left out', async () => {
  await joined()
  await joined(other)
  await chains.leave(talk)
  const { from, events } = await listenAll({ chains } as NodeParts, { $talk: [], $other: [] }, signal)
  expect(Object.keys(from)).toEqual(['$other'])
  await chains.leave(other)
  const first = await events[Symbol.asyncIterator]().next()
  expect(told(first.value as ControlEvent)).toBe('$other removed')
})
