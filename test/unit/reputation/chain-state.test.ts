import { expect, test, vi } from 'vitest'
import { Graph } from '../../../src/dag/graph.ts'
import { ChainState } from '../../../src/reputation/chain-state.ts'
import { chain } from '../../support/blocks.ts'
import { DRAWN_CHAIN, drawnId } from '../../support/draw.ts'
import { FIRST_DAY, keyOf } from '../../support/economy.ts'

const [OWNER, GUEST] = [0, 1]

/** An identity chain with so many open heads by its owner, and a guest with some reps. */
class Wide {
  readonly state = new ChainState(chain(`@${keyOf(OWNER)}`), 5)
  readonly open: number[] = []
  #made = 0

  constructor(heads: number) {
    const first = this.add(OWNER, [0])
    const guest = this.add(GUEST, [first])
    let tip = this.add(OWNER, [first, guest], guest)
    for (let n = 0; n < 9; n += 1) tip = this.add(OWNER, [tip], guest)
    for (let n = 0; n < heads; n += 1) this.open.push(this.add(OWNER, [tip]))
  }

  add(by: number, backs: readonly number[], liked?: number): number {
    const { graph } = this.state
    this.#made += 1
    const height = 1 + Math.max(...backs.map((back) => graph.height(back)))
    const like = liked === undefined ? {} : { like: { n: 1 as const, target: liked } }
    const id = drawnId(`${DRAWN_CHAIN} ${String(this.#made)}`)
    const block = { id, height, time: FIRST_DAY + this.#made, backs, author: keyOf(by), ...like }
    expect(this.state.stands(backs, block.like).ok).toBe(true)
    const index = this.state.append(block, this.state.kOf(block))
    expect(this.state.wouldVoid(this.state.would(index))).toEqual([])
    this.state.enter(index)
    return index
  }
}

test('a newest block costs the same beside 5,000 open heads as beside 100, in blocks compared', () => {
  const compared = (heads: number): number[] => {
    const wide = new Wide(heads)
    const seen = vi.spyOn(Graph.prototype, 'compare')
    const cost = (make: () => void): number => {
      const before = seen.mock.calls.length
      make()
      return seen.mock.calls.length - before
    }
    let line: number[] = [wide.open[7]!]
    const onOne = cost(() => (line = [wide.add(OWNER, line)]))
    // The first block on some of the heads has a past of its own to go to; who follows is there.
    let joined = [wide.add(GUEST, wide.open.slice(-16))]
    const onSome = cost(() => (joined = [wide.add(GUEST, joined)]))
    const reps = cost(() => wide.state.repsOf(keyOf(GUEST), FIRST_DAY))
    seen.mockRestore()
    expect(wide.state.graph.acceptedCount).toBe(wide.state.graph.size - 1)
    return [onOne, onSome, reps]
  }
  const [few, many] = [compared(100), compared(5000)]
  for (const [n, cost] of many.entries()) expect(cost).toBeLessThanOrEqual(few[n]! + 20)
})
