/** Spec §8, step 2: the search by folds, against each lie: what it costs, and how it ends. */
import { describe, expect, test } from 'vitest'
import type { MadeBlock } from '../../../src/dag/block.ts'
import { KEY_DIGITS, LEAF_BLOCKS, type Prefix } from '../../../src/dag/fingerprint-tree.ts'
import { genesisBlockId } from '../../../src/dag/ids.ts'
import {
  FOLD_ASKED,
  FOLD_IDS,
  FOLD_PREFIXES,
  FOLD_WAITING,
  FOLDS_IN_FLIGHT,
  GET_IDS,
  IDS_PER_PAGE,
} from '../../../src/protocol/sync-limits.ts'
import type { Fold, Reply, RequestBody, WireBlock } from '../../../src/protocol/messages.ts'
import { newPullState, step } from '../../../src/protocol/pull-machine.ts'
import { post } from '../../support/blocks.ts'
import {
  faultOf,
  fingerprint,
  FORUM,
  invented,
  listOf,
  MANY,
  parts,
  replyOf,
  run,
  search,
} from '../../support/fold-answers.ts'
import { Side } from '../../support/sync-sim.ts'

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
  const opened: Reply = { t: 'opened', id: 0, blocks: 0, heads: [genesisBlockId(FORUM.id)], more: true }
  const side = new Side(FORUM)
  const state = newPullState(side.options())
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
