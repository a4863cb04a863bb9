/** The chains of one node: joining, leaving, finding, and what a restart remembers (spec §2, §12). On a real disk. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { showChainId } from '../../../../src/dag/chain.ts'
import { ChainRegistry, type Attachment } from '../../../../src/node/chain/registry.ts'
import { systemClock } from '../../../../src/node/base/clock.ts'
import type { Replica } from '../../../../src/node/chain/replica.ts'
import { loadFounder, loadRations, saveWatch } from '../../../../src/node/storage/records.ts'
import { openDatabase, type Database } from '../../../../src/node/storage/database.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'
import { USUAL_TOPICS } from '../../../../src/protocol/gossip-limits.ts'
import { MempoolBudget } from '../../../../src/node/chain/intake/mempool-budget.ts'
import { NO_VERIFIER } from '../../../../src/node/chain/intake/signatures-ahead.ts'
import { author, chain, must, post } from '../../../support/blocks.ts'
import { inWords } from '../../../support/replicas.ts'

const KEY = 'AB'.repeat(32)
const forum = chain('#forum')
const ruled = chain('#ruled', author(1).author, author(2).author)
const group = chain('$group', KEY)
const owned = chain(`@${author(1).author}`)
const REMEMBER = { remember: true }
const ONCE = { remember: false }

let dir: string
let disk: Database
/** What happened to attachments, in order. */
let story: string[]

function openChains(log = silentLogger): ChainRegistry<Attachment> {
  return new ChainRegistry({
    database: disk,
    clock: systemClock,
    log,
    seed: 1,
    verifier: NO_VERIFIER,
    mempoolBudget: new MempoolBudget(),
    onFailure: (error) => {
      throw error
    },
    attach: ({ chain: { params } }) => {
      story.push(`+${params.name}`)
      return {
        stop: () => {
          story.push(`-${params.name}`)
          return Promise.resolve()
        },
      }
    },
  })
}

/** As after a stop and a start of the node. */
async function restart(chains: ChainRegistry<Attachment>): Promise<ChainRegistry<Attachment>> {
  await chains.stop()
  await disk.close()
  disk = must(await openDatabase(dir))
  const anew = openChains()
  await anew.restore()
  return anew
}

describe('§2 the founder that a forum follows', () => {
  const founderIn = (chains: ChainRegistry<Attachment>): string | undefined =>
    must(chains.find('#forum')).replica.founder

  test('is chosen at the join or later, anew until a block is here, and is remembered over a restart', async () => {
    let chains = openChains()
    const joined = must(await chains.join(forum, { ...REMEMBER, founder: author(1).author }))
    expect([founderIn(chains), joined.replica.needsFounder]).toEqual([author(1).author, false])
    must(await chains.follow(joined, author(2).author))
    chains = await restart(chains)
    expect(founderIn(chains)).toBe(author(2).author)
    const { replica } = must(chains.find('#forum'))
    const outcomes = await replica.ingest([post(forum, { author: 1 }), post(forum, { author: 2 })], 'pull')
    expect(outcomes.map(inWords)).toEqual(['DAG_OTHER_PIONEER', 'accepted'])
    const other = {
      ok: false,
      fault: { code: 'CHAIN_OTHER_FOUNDER', name: '#forum', founder: author(2).author, blocks: 1 },
    }
    expect(await chains.follow(must(chains.find('#forum')), author(1).author)).toEqual(other)
    expect(await chains.join(forum, { ...ONCE, founder: author(1).author })).toEqual(other)
    expect(must(await chains.join(forum, { ...ONCE, founder: author(2).author })).replica).toBe(replica)
    expect(founderIn(chains)).toBe(author(2).author)
    await chains.stop()
  })

  test('is taken unasked only while nobody is followed by then, and the forum was not left', async () => {
    const chains = openChains()
    const joined = must(await chains.join(forum, REMEMBER))
    const chosen = chains.follow(joined, author(1).author)
    expect(await chains.followIfNone(joined, author(2).author)).toBe(false)
    must(await chosen)
    expect(founderIn(chains)).toBe(author(1).author)

    await chains.leave(forum)
    const anew = must(await chains.join(forum, REMEMBER))
    const left = chains.leave(forum)
    expect(await chains.followIfNone(anew, author(2).author)).toBe(false)
    await left
    const again = must(await chains.join(forum, REMEMBER))
    expect(await chains.followIfNone(anew, author(2).author)).toBe(false)
    expect(again.replica.needsFounder).toBe(true)
    expect(await chains.followIfNone(again, author(2).author)).toBe(true)
    const restarted = await restart(chains)
    expect(founderIn(restarted)).toBe(author(2).author)
    await restarted.stop()
  })

  test('is forgotten with the chain, and only a forum joined without pioneers has one', async () => {
    const chains = openChains()
    must(await chains.join(forum, { ...REMEMBER, founder: author(1).author }))
    await chains.leave(forum)
    expect(must(await chains.join(forum, REMEMBER)).replica.needsFounder).toBe(true)
    for (const other of [ruled, group, owned]) {
      const refused = { ok: false, fault: { code: 'CHAIN_TAKES_NO_FOUNDER', name: other.params.name } }
      expect(await chains.join(other, { ...ONCE, founder: author(1).author })).toEqual(refused)
      const joined = must(await chains.join(other, ONCE))
      expect(await chains.follow(joined, author(1).author)).toEqual(refused)
      expect(joined.replica.needsFounder).toBe(false)
    }
    await chains.stop()
  })

  test('a crash as soon as its rows are doomed leaves no founder behind that would be followed when it is joined again', async () => {
    const chains = openChains()
    const { replica } = must(await chains.join(forum, { remember: true, founder: author(1).author }))
    await saveWatch(disk, forum.id, replica.watch)
    expect(await loadFounder(disk, forum.id)).toBe(author(1).author)
    await replica.store.destroy()
    expect([await loadFounder(disk, forum.id), await disk.get(`watch-${forum.id.toLowerCase()}`)]).toEqual([
      undefined,
      undefined,
    ])
  })

  test('joining instead leaves what keeps the chain out, and nothing else: a namesake, or the forum of another founder', async () => {
    const chains = openChains()
    const joined = must(await chains.join(forum, { ...REMEMBER, founder: author(1).author }))
    await joined.replica.ingest([post(forum, { author: 1 })], 'pull')
    const [mine, theirs] = [{ founder: author(1).author }, { founder: author(2).author }]
    expect(await chains.join(forum, { ...REMEMBER, ...theirs })).toMatchObject({ ok: false })
    expect(must(await chains.join(forum, { ...REMEMBER, ...mine, instead: true })).replica).toBe(joined.replica)
    expect(must(await chains.join(forum, { ...REMEMBER, instead: true })).replica).toBe(joined.replica)

    const other = must(await chains.join(forum, { ...REMEMBER, ...theirs, instead: true })).replica
    expect([other.blocks, other.founder]).toEqual([0, author(2).author])
    const namesake = chain('#forum', author(3).author)
    must(await chains.join(namesake, { ...REMEMBER, instead: true }))
    expect(chains.all().map(({ replica }) => replica.chain.id)).toEqual([namesake.id])
    const anew = await restart(chains)
    expect(anew.all().map(({ replica }) => replica.chain.id)).toEqual([namesake.id])
  })

  test('a founder that takes the place of a chosen one, as the config file’s does, is logged', async () => {
    const warned: unknown[] = []
    const log = { ...silentLogger, warn: (event: string, facts?: object) => void warned.push([event, facts]) }
    const chains = openChains(log)
    must(await chains.join(forum, { ...REMEMBER, founder: author(1).author }))
    must(await chains.join(forum, { ...ONCE, founder: author(1).author }))
    expect(warned).toEqual([])
    must(await chains.join(forum, { ...ONCE, founder: author(2).author }))
    const [from, to] = [author(1).author, author(2).author]
    expect(warned).toEqual([['chain.founder-changed', { chain: forum.id, from, to }]])
  })
})

const namesOf = (chains: ChainRegistry<Attachment>): string[] =>
  chains.all().map(({ replica }) => replica.chain.params.name)

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'freechains-'))
  disk = must(await openDatabase(dir))
  story = []
})
afterEach(async () => {
  await disk.close()
  await rm(dir, { recursive: true })
})

describe('joining', () => {
  test('joining what is joined already changes nothing, also when both are asked at once', async () => {
    const chains = openChains()
    const [one, two] = await Promise.all([chains.join(forum, REMEMBER), chains.join(forum, REMEMBER)])
    expect(must(one)).toBe(must(two))
    expect(story).toEqual(['+#forum'])
  })

  test('one name stands for one chain at a time: other parameters are refused until the first is left', async () => {
    const chains = openChains()
    const other = chain('#forum', author(1).author)
    await chains.join(forum, REMEMBER)
    expect(await chains.join(other, REMEMBER)).toEqual({
      ok: false,
      fault: { code: 'CHAIN_NAME_TAKEN', name: '#forum', joined: showChainId(forum) },
    })
    await chains.leave(forum)
    must(await chains.join(other, REMEMBER))
    expect(chains.all().map(({ replica }) => replica.chain.id)).toEqual([other.id])
  })
})

describe('what is left over', () => {
  const CONFIGURED = { remember: false, isConfigured: true }
  const first = post(group, { author: 1, payload: 'first' })

  test('of a chain that was taken out of the config file is listed with its bytes, and leaving deletes it', async () => {
    let chains = openChains()
    const { replica } = must(await chains.join(group, CONFIGURED))
    await replica.ingest([first], 'pull')
    const { bytes } = replica
    must(await chains.join(forum, CONFIGURED))
    must(await chains.join(owned, REMEMBER))
    chains = await restart(chains)
    await chains.searchLeftOvers()
    expect(chains.leftOvers()).toEqual([{ chain: group.id, id: showChainId(group), name: '$group', bytes }])
    expect(chains.find('$group')).toMatchObject({ fault: { code: 'CHAIN_NOT_JOINED', leftOverBytes: bytes } })
    expect(await chains.removeLeftOver('$other')).toBe(false)
    expect(await chains.removeLeftOver('$group')).toBe(true)
    expect(chains.leftOvers()).toEqual([])
    expect(await chains.removeLeftOver(showChainId(group))).toBe(false)
    expect(await disk.storedChains()).toEqual([])
    must(await chains.join(group, REMEMBER))
    expect(must(chains.find('$group')).replica.blocks).toBe(0)
  })

  test('is there no more when the chain is joined again; of one whose name nobody knows the id is', async () => {
    let chains = openChains()
    await must(await chains.join(group, ONCE)).replica.ingest([first], 'pull')
    chains = await restart(chains)
    await chains.searchLeftOvers()
    expect(chains.leftOvers()).toMatchObject([{ id: showChainId(group), name: undefined }])
    expect(must(await chains.join(group, CONFIGURED)).replica.blocks).toBe(1)
    expect(chains.leftOvers()).toEqual([])
  })
})

describe('restarts', () => {
  test('what was joined by command is joined again, the same chain of every kind with its blocks; the rest is not', async () => {
    const chains = openChains()
    for (const each of [ruled, group, owned]) must(await chains.join(each, REMEMBER))
    const { replica } = must(await chains.join(forum, ONCE))
    await must(chains.find('$group')).replica.ingest([post(group)], 'pull')
    await replica.ingest([post(forum, { author: 1 })], 'pull')
    const anew = await restart(chains)
    expect(anew.all().map((joined) => joined.replica.chain)).toEqual(
      expect.arrayContaining([ruled, group, owned].map((one) => expect.objectContaining(one) as unknown)),
    )
    expect(namesOf(anew)).not.toContain('#forum')
    expect(must(anew.find('$group')).replica.blocks).toBe(1)
    expect(must(await anew.join(forum, ONCE)).replica.blocks).toBe(1)
  })

  describe('what was taken from the rations of the throttle (spec §5)', () => {
    const poor = chain('#poor', ...Array.from({ length: 30 }, (_, n) => author(n + 1).author))
    const rivals = [3, 2, 1].map((n) => post(poor, { author: 1, time: 1_700_000_000_000 + n, payload: String(n) }))
    /** Two of them withdraw others. */
    async function rewritten(chains: ChainRegistry<Attachment>): Promise<Replica> {
      const { replica } = must(await chains.join(poor, REMEMBER))
      await replica.ingest(rivals, 'pull')
      const taken = replica.throttle.record().rewrites.map(([by, times]) => [by, times.length])
      expect(taken).toEqual([[author(1).author, 2]])
      return replica
    }

    test('is remembered over a restart', async () => {
      const chains = openChains()
      const record = (await rewritten(chains)).throttle.record()
      const anew = await restart(chains)
      expect(must(anew.find('#poor')).replica.throttle.record()).toEqual(record)
    })

    test('and over a crash: it is stored after each change', async () => {
      const record = (await rewritten(openChains())).throttle.record()
      await vi.waitFor(async () => {
        expect(await loadRations(disk, poor.id)).toMatchObject(record)
      })
    })

    test('is gone when the chain was left, and if the record is damaged', async () => {
      const chains = openChains()
      await rewritten(chains)
      await chains.leave(poor)
      expect(await loadRations(disk, poor.id)).toBeUndefined()
      await disk.put(`rations-${poor.id.toLowerCase()}`, new Uint8Array([1, 2, 3]))
      expect(await loadRations(disk, poor.id)).toBeUndefined()
    })
  })

  test('joined by the configuration first and by command later: remembered from then on', async () => {
    const chains = openChains()
    await chains.join(forum, ONCE)
    await chains.join(forum, REMEMBER)
    expect(namesOf(await restart(chains))).toEqual(['#forum'])
  })

  test('a record that makes no chain is told to the operator, and does not keep the others from being joined', async () => {
    const chains = openChains()
    await chains.join(forum, REMEMBER)
    const [record] = await disk.joined()
    const bad = Uint8Array.from(record?.record ?? [])
    bad[bad.indexOf('#'.charCodeAt(0))] = '?'.charCodeAt(0)
    await disk.putJoined(ruled.id, bad)
    await chains.stop()
    const error = vi.fn()
    const anew = openChains({ ...silentLogger, error })
    await anew.restore()
    expect(namesOf(anew)).toEqual(['#forum'])
    expect(error).toHaveBeenCalledExactlyOnceWith('chains.record-damaged', { chain: ruled.id })
  })
})

describe('leaving', () => {
  test("takes the chain off the network and removes its data, and nobody else's", async () => {
    const chains = openChains()
    for (const each of [forum, owned]) {
      const { replica } = must(await chains.join(each, REMEMBER))
      await replica.ingest([post(each, { author: 1 })], 'pull')
    }
    expect([await chains.leave(forum), await chains.leave(forum)]).toEqual([true, false])
    expect(story).toEqual(['+#forum', `+@${author(1).author}`, '-#forum'])
    expect(chains.find('#forum')).toEqual({ ok: false, fault: { code: 'CHAIN_NOT_JOINED', chain: '#forum' } })
    const anew = await restart(chains)
    expect(anew.all().map(({ replica }) => [replica.chain.id, replica.blocks])).toEqual([[owned.id, 1]])
    expect(must(await anew.join(forum, ONCE)).replica.blocks).toBe(0)
  })
})

describe('finding and listening', () => {
  test('§2 by a name as it is typed, however its accents are composed', async () => {
    const chains = openChains()
    const joined = must(await chains.join(chain('#olá'), REMEMBER))
    expect(must(chains.find('#ola\u0301'))).toBe(joined)
    const anew = await restart(chains)
    expect(namesOf(anew)).toEqual(['#olá'])
    await anew.stop()
  })

  test('by name, by id in any case, and owners in any case; nothing else', async () => {
    const chains = openChains()
    const [inForum, inOwned] = [must(await chains.join(forum, ONCE)), must(await chains.join(owned, ONCE))]
    for (const text of ['#forum', showChainId(forum), showChainId(forum).toLowerCase(), forum.id]) {
      expect(must(chains.find(text)), text).toBe(inForum)
    }
    expect(must(chains.find(owned.params.name.toLowerCase()))).toBe(inOwned)
    for (const text of ['#FORUM', 'forum', '', showChainId(group)]) expect(chains.find(text).ok, text).toBe(false)
  })

  test('a listener hears of all chains, of those joined later too, until it stops', async () => {
    const chains = openChains()
    const heard: string[] = []
    const stop = chains.listen(({ chain: { params } }, events) => heard.push(`${params.name} ${String(events.length)}`))
    const { replica } = must(await chains.join(forum, ONCE))
    const first = post(forum, { author: 1 })
    await replica.ingest([first, post(forum, { author: 1, backs: [first.block] })], 'pull')
    await must(await chains.join(group, ONCE)).replica.ingest([post(group)], 'gossip')
    stop()
    await replica.ingest([post(forum, { author: 1, payload: 'unheard' })], 'pull')
    expect(heard).toEqual(['#forum 2', '$group 1'])
  })
})

test('with more chains than peers of other software remember, the log says so, once', async () => {
  const warn = vi.fn()
  const chains = openChains({ ...silentLogger, warn })
  const join = (n: number): Promise<unknown> => chains.join(chain(`#c${String(n)}`), ONCE)
  for (let n = 0; n < USUAL_TOPICS; n += 1) await join(n)
  expect(warn).not.toHaveBeenCalled()
  await join(USUAL_TOPICS)
  await join(USUAL_TOPICS + 1)
  expect(warn.mock.calls).toEqual([['chains.many', expect.objectContaining({ chains: USUAL_TOPICS + 1 })]])
  await chains.stop()
})

test('what housekeeping saves of a chain that was left meanwhile is not stored', async () => {
  const chains = openChains()
  const joined = must(await chains.join(forum, ONCE))
  const put = vi.spyOn(disk, 'put')
  await chains.saveThrottle(joined)
  expect(put).toHaveBeenCalled()
  await chains.leave(forum)
  put.mockClear()
  await chains.saveThrottle(joined)
  expect(put).not.toHaveBeenCalled()
})
