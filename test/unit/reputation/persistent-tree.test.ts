import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import { Trees } from '../../../src/reputation/persistent-tree.ts'
import type { Edit, Tree } from '../../../src/reputation/tree-nodes.ts'
import { checkProperty } from '../../support/property.ts'

interface Sum {
  readonly count: number
  readonly sum: number
  /** Depends on the order. */
  readonly text: string
}

/** Numbers; those that differ in their last digit alone stand for each other. */
const key = (entry: number) => Math.floor(entry / 10)
const trees = new Trees<Sum, number>({
  compare: (a, b) => key(a) - key(b),
  isBefore: (entry, place) => key(entry) < place,
  summary: (entries, from, to) => sumOf(entries.slice(from, to)),
  join: (parts) => ({
    count: parts.reduce((all, { summary }) => all + summary.count, 0),
    sum: parts.reduce((all, { summary }) => all + summary.sum, 0),
    text: parts.map(({ summary }) => summary.text).join(' '),
  }),
})

function sumOf(entries: readonly number[]): Sum {
  return { count: entries.length, sum: entries.reduce((all, entry) => all + entry, 0), text: entries.join(' ') }
}

/** A tree, and the same as a plain list. */
class Both {
  readonly edit: Edit = {}
  tree: Tree<Sum> | undefined
  entries: number[]

  constructor(tree?: Tree<Sum>, entries: readonly number[] = []) {
    this.tree = tree
    this.entries = [...entries]
  }

  /** In if nothing stands for it, else out, or replaced. */
  change(entry: number, replaces: boolean): void {
    const at = this.entries.findIndex((other) => key(other) === key(entry))
    if (at < 0) {
      this.tree = trees.insert(this.tree, entry, this.edit)
      this.entries = [...this.entries, entry].sort((a, b) => a - b)
    } else if (replaces) {
      this.tree = trees.replace(this.tree, entry, this.edit)
      this.entries[at] = entry
    } else {
      this.tree = trees.remove(this.tree, entry, this.edit)
      this.entries.splice(at, 1)
    }
  }

  expectSame(from: number, to: number): void {
    const { tree, entries } = this
    expect(tree?.summary ?? sumOf([])).toEqual(sumOf(entries))
    const between = entries.filter((entry) => key(entry) >= from && key(entry) < to)
    const texts: string[] = []
    trees.range(tree, from, to, ({ text }) => texts.push(text))
    expect(texts.join(' ')).toBe(between.join(' '))
    expect(trees.entries(tree, from, to)).toEqual(between)
    const isEven = (entry: number) => entry % 2 === 0
    const holds = ({ text }: Sum) => text.split(' ').some((word) => isEven(Number(word)))
    expect(trees.firstFrom(tree, from, holds, isEven)).toBe(entries.find((e) => key(e) >= from && isEven(e)))
    expect(trees.lastBefore(tree, to, holds, isEven)).toBe(entries.findLast((e) => key(e) < to && isEven(e)))
    expect(trees.find(tree, from * 10)).toBe(entries.find((entry) => key(entry) === from))
    const before = trees.before(tree, to, {})
    expect(before?.summary ?? sumOf([])).toEqual(sumOf(entries.filter((entry) => key(entry) < to)))
  }
}

const runs = fc.array(
  fc.record({
    start: fc.nat(1500),
    count: fc.constantFrom(1, 1, 5, 300, 700),
    step: fc.constantFrom(1, 1, 7, -1),
    digit: fc.nat(9),
    replaces: fc.boolean(),
    fork: fc.constantFrom(false, false, true),
    cut: fc.constantFrom(false, false, false, true),
    asked: fc.tuple(fc.nat(2000), fc.nat(2000)),
  }),
  { minLength: 1, maxLength: 12, size: 'max' },
)

describe('a tree', () => {
  test('is the sorted list, whatever goes in and out, and copies go their own way', () => {
    checkProperty(
      'persistent-tree-as-list',
      fc.property(runs, (list) => {
        const all = [new Both()]
        for (const { start, count, step, digit, replaces, fork, cut, asked } of list) {
          const one = all.at(-1)!
          for (let n = 0; n < count; n += 1) {
            one.change(Math.max(0, start + n * step) * 10 + digit, replaces && n % 3 === 0)
          }
          if (fork) all.push(new Both(one.tree, one.entries))
          // Both forget what they own.
          if (fork) all.unshift(new Both(one.tree, one.entries))
          if (cut) {
            const edit = {}
            all.push(
              new Both(
                trees.before(one.tree, asked[0], edit),
                one.entries.filter((entry) => key(entry) < asked[0]),
              ),
            )
          }
          for (const each of all.slice(-3)) each.expectSame(...asked)
          all[0]!.expectSame(...asked)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('takes nothing twice, and gives nothing that is not in', () => {
    const one = trees.insert(undefined, 10, {})
    expect(() => trees.insert(one, 11, {})).toThrow(Bug)
    expect(() => trees.remove(one, 20, {})).toThrow(Bug)
    expect(() => trees.remove(undefined, 20, {})).toThrow(Bug)
    expect(() => trees.replace(one, 20, {})).toThrow(Bug)
    expect(() => trees.replace(undefined, 20, {})).toThrow(Bug)
    expect(trees.remove(one, 10, {})).toBeUndefined()
  })
})
