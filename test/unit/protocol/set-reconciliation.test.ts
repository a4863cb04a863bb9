/** Spec §8, step 2: the search by folds, against honest answers; what it asks for, and when. */
import { describe, expect, test } from 'vitest'
import type { Prefix } from '../../../src/dag/fingerprint-tree.ts'
import { FOLD_PREFIXES, FOLD_WAITING, FOLDS_IN_FLIGHT } from '../../../src/protocol/sync-limits.ts'
import type { Fold } from '../../../src/protocol/messages.ts'
import { answerFolds } from '../../../src/protocol/dag-diff.ts'
import { post } from '../../support/blocks.ts'
import { FORUM, invented, listOf, MANY, parts, replyOf, run, search } from '../../support/fold-answers.ts'
import { HEX_DIGITS } from '../../support/fold-twin.ts'
import { Side } from '../../support/sync-sim.ts'

describe('an honest answer', () => {
  const made = Array.from({ length: MANY }, (_, n) => post(FORUM, { time: 1_700_000_000_000 + 977 * n }))
  const honest = ({ graph, fingerprints: folds }: Side) => {
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
    const tags = [3, 4, 5, 6]
    const asked = tags.map((tag) => folding.ask(tag)!)
    expect(asked.map(({ length }) => length)).toEqual(tags.map(() => FOLD_PREFIXES))
    expect(folding.ask(99)).toBeUndefined()
    for (const [n, tag] of tags.entries()) folding.take(tag, replyOf(...asked[n]!.map((prefix) => parts(prefix, 100))))
    expect(folding.isAsking).toBe(false)
    for (let tag = 7; tag < 7 + FOLDS_IN_FLIGHT; tag++) expect(folding.ask(tag)).toHaveLength(FOLD_PREFIXES)
    expect(folding.ask(99)).toBeUndefined()
    folding.take(7, replyOf(...Array.from({ length: FOLD_PREFIXES }, () => listOf())))
    expect(folding.ask(98)).toHaveLength(FOLD_PREFIXES)
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
