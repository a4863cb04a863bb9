/** Spec §8, step 2: the search by folds, against honest answers and each lie. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import { sha256 } from '../../../src/dag/crypto.ts'
import { KEY_DIGITS, LEAF_BLOCKS, type FoldPart, type Prefix } from '../../../src/dag/fold.ts'
import { blockId, genesisBlockId, type BlockId } from '../../../src/dag/ids.ts'
import { Folding } from '../../../src/protocol/folding.ts'
import {
  FOLD_ASKED,
  FOLD_IDS,
  FOLD_PREFIXES,
  FOLD_WAITING,
  FOLDS_IN_FLIGHT,
  GET_IDS,
  IDS_PER_PAGE,
} from '../../../src/protocol/limits.ts'
import type { Fold, Reply, RequestBody, WireBlock } from '../../../src/protocol/messages.ts'
import { answerFolds } from '../../../src/protocol/reconcile.ts'
import { newPull, step } from '../../../src/protocol/session.ts'
import { author, bytes, chain, post } from '../../support/blocks.ts'
import { HEX_DIGITS } from '../../support/fold-twin.ts'
import { Side } from '../../support/sync-sim.ts'

const FORUM = chain('#folding', author(0).author)
const MANY = 1_000

const invented = (name: string): BlockId => blockId(sha256(bytes(name)))
const fingerprint = (name: string): Uint8Array => sha256(bytes(`fingerprint ${name}`))
const listOf = (...ids: BlockId[]): Fold => ({ ids, ranks: ids.map((_, n) => n) })
const replyOf = (...folds: Fold[]): Reply & { t: 'folds' } => ({ t: 'folds', id: 0, folds })

/** Parts that nobody has, behind a prefix. */
function parts(at: Prefix, count: number, digits = 16): Fold {
  const part = (digit: number): FoldPart => ({ digit, count, fingerprint: fingerprint(`${at} ${String(digit)}`) })
  return { at, parts: Array.from({ length: digits }, (_, digit) => part(digit)) }
}

function search(side = new Side(FORUM), givenUp: readonly BlockId[] = []): Folding {
  return new Folding(side.options().world, (id) => givenUp.includes(id))
}

/** Goes on until the search has a window, or has nothing; gives how many prefixes were asked for. */
function run(folding: Folding, answer: (prefix: Prefix) => Fold, watch: () => void = () => undefined): number {
  let prefixes = 0
  const asked: { tag: number; prefixes: readonly Prefix[] }[] = []
  for (let tag = 1; ; tag++) {
    const next = folding.ask(tag)
    if (next !== undefined) {
      prefixes += next.length
      asked.push({ tag, prefixes: next })
      continue
    }
    const first = asked.shift()
    if (first === undefined) return prefixes
    expect(folding.take(first.tag, replyOf(...first.prefixes.map(answer)))).toEqual({ ok: true, value: true })
    watch()
  }
}

const faultOf = (result: ReturnType<Folding['take']>): unknown => (result.ok ? undefined : result.fault)

describe('an honest answer', () => {
  const made = Array.from({ length: MANY }, (_, n) => post(FORUM, { time: 1_700_000_000_000 + 977 * n }))
  const honest = ({ graph, folds }: Side) => {
    return (prefix: Prefix): Fold => answerFolds(graph, folds, [prefix])[0]!
  }

  test('to the first question ends the search if the sides are equal', () => {
    const folding = search(new Side(FORUM, made))
    const from = new Side(FORUM, [...made].reverse())
    expect(run(folding, honest(from))).toBe(1)
    expect([folding.window(), folding.isDone]).toEqual([[], true])
  })

  test('leads to all that is lacked, and to nothing else, in the order of the ranks over there', () => {
    const lacked = made.filter((_, n) => n % 100 === 7)
    const shuffled = [...made].sort((a, b) => (a.block.id < b.block.id ? 1 : -1))
    const folding = search(
      new Side(
        FORUM,
        made.filter((block) => !lacked.includes(block)),
      ),
    )
    run(folding, honest(new Side(FORUM, shuffled)))
    const expected = shuffled.filter((block) => lacked.includes(block)).map(({ block }) => block.id)
    expect(folding.found).toBe(lacked.length)
    expect(folding.window()).toEqual(expected)
    expect([folding.found, folding.isDone]).toEqual([0, true])
  })

  test('does not lead again to what was asked for in vain', () => {
    const folding = search(new Side(FORUM), [invented('gone')])
    run(folding, () => listOf(invented('gone'), invented('new')))
    expect(folding.window()).toEqual([invented('new')])
  })

  test('that lists nothing where something was promised ends there: what was withdrawn is not missing', () => {
    const folding = search()
    run(folding, (prefix) => (prefix === '' ? parts('', 3) : listOf()))
    expect([folding.window(), folding.isDone]).toEqual([[], true])
  })

  test('that has parts where a list was promised is asked for once more, when there is room', () => {
    const folding = search()
    const asked: Prefix[] = []
    run(folding, (prefix) => {
      asked.push(prefix)
      return prefix.length < 2 ? parts(prefix, 3) : listOf(invented(prefix))
    })
    expect(asked.filter((prefix) => prefix === 'A')).toHaveLength(2)
    expect(asked.filter((prefix) => prefix === 'A0')).toHaveLength(1)
    expect(folding.window()).toHaveLength(256)
  })
})

describe('questions', () => {
  const prefixOf = (n: number): Prefix => n.toString(16).toUpperCase().padStart(2, '0')

  test('begin with everything', () => {
    const folding = search()
    expect([folding.ask(1), folding.ask(2), folding.isAsking]).toEqual([[''], undefined, true])
  })

  test('go out at once, so many prefixes in each, and so many of them', () => {
    const folding = search()
    folding.ask(1)
    folding.take(1, replyOf(parts('', 100)))
    expect(folding.ask(2)).toHaveLength(16)
    folding.take(2, replyOf(...HEX_DIGITS.map((prefix) => parts(prefix, 100))))
    expect(folding.isAsking).toBe(false)
    for (let tag = 3; tag < 3 + FOLDS_IN_FLIGHT; tag++) expect(folding.ask(tag)).toHaveLength(FOLD_PREFIXES)
    expect(folding.ask(99)).toBeUndefined()
    folding.take(3, replyOf(...Array.from({ length: FOLD_PREFIXES }, (_, n) => parts(prefixOf(n), 100))))
    expect(folding.ask(7)).toHaveLength(FOLD_PREFIXES)
    expect(folding.ask(99)).toBeUndefined()
  })

  test('become fewer when so many prefixes wait that there is hardly room, and what is under way takes its room too', () => {
    const folding = search()
    let waiting = 1
    for (let round = 0; ; round += FOLDS_IN_FLIGHT) {
      const asked: (readonly Prefix[] | undefined)[] = []
      for (let tag = 0; tag < FOLDS_IN_FLIGHT; tag++) asked.push(folding.ask(round + tag))
      const [first, second] = asked
      if (round > 20 && first !== undefined && first.length < FOLD_PREFIXES) {
        expect(first.length).toBe(Math.floor((FOLD_WAITING - waiting) / 16))
        expect(second).toBeUndefined()
        // There is no room now for what these may have; but whoever stood still would never get any.
        folding.take(round, replyOf(...first.map((at) => parts(at, MANY))))
        expect(folding.ask(round)).toHaveLength(8)
        return
      }
      for (const [tag, prefixes] of asked.entries()) {
        if (prefixes === undefined) continue
        folding.take(round + tag, replyOf(...prefixes.map((at) => parts(at, MANY))))
        waiting += 15 * prefixes.length
      }
    }
  })
})

describe('a liar', () => {
  test('that answers with fewer folds than prefixes, or more: SYNC_BAD_PAGE', () => {
    for (const folds of [[], [listOf(), listOf()]]) {
      const folding = search()
      folding.ask(1)
      expect(faultOf(folding.take(1, replyOf(...folds)))).toMatchObject({ code: 'SYNC_BAD_PAGE' })
    }
  })

  test.each(['', '5', '76'])('that answers for 7 with parts behind "%s"', (at) => {
    const folding = search()
    folding.ask(1)
    folding.take(1, replyOf({ at: '', parts: [{ digit: 7, count: 99, fingerprint: fingerprint('7') }] }))
    expect(folding.ask(2)).toEqual(['7'])
    const fault = faultOf(folding.take(2, replyOf(parts(at, 9))))
    expect(fault).toEqual(at === '76' ? undefined : { code: 'SYNC_BAD_PAGE', why: 'parts of another prefix' })
  })

  test('that lists a block under two prefixes: SYNC_BAD_PAGE', () => {
    const folding = search()
    folding.ask(1)
    folding.take(1, replyOf(parts('', 9, 4)))
    folding.ask(2)
    const twice = [listOf(invented('a')), listOf(), listOf(), listOf(invented('b'), invented('a'))]
    expect(faultOf(folding.take(2, replyOf(...twice)))).toEqual({ code: 'SYNC_BAD_PAGE', why: 'ids listed before' })
  })

  test('that lists more known blocks than there are: SYNC_BAD_PAGE', () => {
    const made = post(FORUM)
    const folding = search(new Side(FORUM, [made]))
    folding.ask(1)
    folding.take(1, replyOf(parts('', 11, 3)))
    folding.ask(2)
    const known = listOf(made.block.id)
    expect(faultOf(folding.take(2, replyOf(known, known, known)))).toMatchObject({ code: 'SYNC_BAD_PAGE' })
  })

  test('that has parts without end fills no memory', () => {
    const folding = search()
    let [slots, most] = [1, 0]
    run(folding, (prefix) => {
      const isEnd = prefix.length === KEY_DIGITS - 1
      slots += isEnd ? -1 : 15
      most = Math.max(most, slots)
      return isEnd ? listOf() : parts(prefix, MANY)
    })
    expect(most).toBeLessThan(2 * FOLD_WAITING)
  })

  test.each<[string, (prefix: Prefix, n: number) => Fold]>([
    ['parts without end', (prefix) => (prefix.length < KEY_DIGITS - 1 ? parts(prefix, MANY) : listOf())],
    ['parts that are to be lists', (prefix) => (prefix.length < KEY_DIGITS - 1 ? parts(prefix, 3) : listOf())],
    ['one branch without end, and nothing beside it', (prefix) => endless(prefix, () => listOf())],
    ['empty lists', (prefix) => (prefix.length < 6 ? parts(prefix, MANY) : listOf())],
  ])('that has %s is asked for so many prefixes, and no more', (_, lie) => {
    const folding = search()
    let n = 0
    const prefixes = run(folding, (prefix) => lie(prefix, n++))
    expect(prefixes).toBeLessThan(FOLD_ASKED + FOLD_PREFIXES * FOLDS_IN_FLIGHT)
    expect(folding.window()).toEqual([])
  })

  test('that invents ids, and hides the first of them behind branches without end, fills no memory', () => {
    const folding = search()
    let n = 0
    let most = 0
    const ids = (): Fold => listOf(...Array.from({ length: LEAF_BLOCKS }, () => invented(String(n++))))
    // Behind the first part of each fold it goes on for ever; each of the others has 16 lists.
    const lie = (prefix: Prefix): Fold =>
      endless(prefix, () => (/[1-9A-F].$/.test(prefix) ? ids() : parts(prefix, MANY)))
    run(folding, lie, () => (most = Math.max(most, folding.found)))
    expect(most).toBeGreaterThan(FOLD_IDS)
    expect(most).toBeLessThan(4 * FOLD_IDS)
  })

  test('that invents blocks costs the fetch of one page, and then the pull is stalled', () => {
    const asked: RequestBody[] = []
    let n = 0
    const end = pullFrom((request) => {
      asked.push(request)
      if (request.t === 'get') return { t: 'blocks', id: 0, asked: request.ids.length, blocks: [] }
      if (request.t !== 'folds') return undefined
      const lists = () => listOf(...Array.from({ length: LEAF_BLOCKS }, () => invented(String(n++))))
      return replyOf(...request.prefixes.map((at) => (at.length < 4 ? parts(at, MANY) : lists())))
    })
    expect(end).toMatchObject({ fresh: 0, end: { why: 'stalled' } })
    expect(asked.filter(({ t }) => t === 'get')).toHaveLength(IDS_PER_PAGE / GET_IDS)
    expect(asked.filter(({ t }) => t === 'folds').length).toBeLessThan(FOLD_ASKED / FOLD_PREFIXES)
  })

  const nowhere = (at: Prefix): Fold => (at.length < KEY_DIGITS - 1 ? parts(at, MANY) : listOf())

  test('that leads nowhere for long is asked for a list instead, which is right for any two DAGs', () => {
    const asked = new Set<string>()
    const end = pullFrom((request) => {
      asked.add(request.t)
      if (request.t === 'diff') return { t: 'ids', id: 0, ids: [], more: false }
      return request.t === 'folds' ? replyOf(...request.prefixes.map(nowhere)) : undefined
    })
    expect(end).toMatchObject({ fresh: 0, end: { why: 'done' } })
    expect([...asked]).toEqual(['open', 'folds', 'diff'])
  })

  test('and then the list may name again what was asked for in vain', () => {
    const [gone, here] = [post(FORUM, { payload: 'gone' }), post(FORUM, { payload: 'here' })]
    let isBack = false
    const end = pullFrom((request) => {
      if (request.t === 'folds') {
        const answer = (at: Prefix): Fold => (at.startsWith('0') ? listOf(gone.block.id, here.block.id) : nowhere(at))
        return replyOf(...request.prefixes.map(answer))
      }
      if (request.t === 'diff') {
        isBack = true
        return { t: 'ids', id: 0, ids: [gone.block.id, here.block.id], more: false }
      }
      if (request.t !== 'get') return undefined
      const blocks = [gone, here].filter(
        ({ block }) => request.ids.includes(block.id) && (isBack || block !== gone.block),
      )
      return { t: 'blocks', id: 0, asked: request.ids.length, blocks: blocks.map(inline) }
    })
    expect(end).toMatchObject({ fresh: 2, missing: 0, end: { why: 'done' } })
  })
})

/** The first part of each fold goes on, and the others end at once. */
function endless(prefix: Prefix, end: () => Fold): Fold {
  return /^0*$/.test(prefix) && prefix.length < KEY_DIGITS - 1 ? parts(prefix, MANY) : end()
}

const inline = ({ block, payload }: MadeBlock): WireBlock => {
  return { headerBytes: block.headerBytes, state: 'inline', payload }
}

/** A whole pull of an empty side from a peer that says what it likes, but for the opening: many heads, a known one first. */
function pullFrom(answer: (request: RequestBody) => Reply | undefined): unknown {
  const opened: Reply = { t: 'opened', id: 0, heads: [genesisBlockId(FORUM.id)], more: true }
  const side = new Side(FORUM)
  const state = newPull(side.options())
  const effects = [...step(state, { on: 'start' })[1]]
  for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) {
    if (effect.do === 'finish') return effect
    if (effect.do === 'store') {
      const outcomes = effect.blocks.map(({ block, payload = new Uint8Array(0) }) => side.add({ block, payload }))
      effects.push(...step(state, { on: 'stored', outcomes })[1])
    } else {
      const reply = answer(effect.request) ?? opened
      effects.push(...step(state, { on: 'reply', tag: effect.tag, reply })[1])
    }
  }
  return undefined
}
