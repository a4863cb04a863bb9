import { expect, test } from 'vitest'
import { FlowNetwork } from '../../../src/reputation/max-flow.ts'
import { Dice } from '../../support/random.ts'

interface Edge {
  readonly from: number
  readonly to: number
  readonly capacity: number
}

/** Whether each edge into the sink is full, in the order given, after a run from node 0 to the last. */
function fullIntoSink(nodes: number, edges: readonly Edge[]): boolean[] {
  const network = new FlowNetwork()
  for (let n = 0; n < nodes; n += 1) network.addNode()
  const numbers = edges.map(({ from, to, capacity }) => ({ to, edge: network.addEdge(from, to, capacity) }))
  network.run(0, nodes - 1)
  return numbers.filter(({ to }) => to === nodes - 1).map(({ edge }) => network.isFull(edge))
}

test('a flow goes another way when a better use for its way is found', () => {
  // 0 → 1 → 2 is the shortest way to fill 2; 1 is needed for 3.
  const edges = [
    { from: 0, to: 1, capacity: 1 },
    { from: 0, to: 2, capacity: 1 },
    { from: 1, to: 3, capacity: 1 },
    { from: 1, to: 4, capacity: 1 },
    { from: 2, to: 3, capacity: 1 },
    { from: 3, to: 5, capacity: 1 },
    { from: 4, to: 5, capacity: 1 },
  ]
  expect(fullIntoSink(6, edges)).toEqual([true, true])
})

test('who is nearer is reached first', () => {
  const edges = [
    { from: 0, to: 1, capacity: 2 },
    { from: 1, to: 2, capacity: 2 },
    { from: 2, to: 3, capacity: 2 },
    { from: 3, to: 4, capacity: 1 },
    { from: 2, to: 4, capacity: 1 },
    { from: 1, to: 4, capacity: 1 },
  ]
  // Into the sink from 3, 2 and 1.
  expect(fullIntoSink(5, edges)).toEqual([false, true, true])
})

test('a line of any length does not overflow the stack', () => {
  const length = 50_000
  const line = Array.from({ length }, (_, n) => ({ from: n, to: n + 1, capacity: 1 }))
  expect(fullIntoSink(length + 1, line)).toEqual([true])
})

/** The most that flows from node 0 to the last: the least over all ways to part the nodes of what leaves the first part. */
function leastCut(nodes: number, edges: readonly Edge[]): number {
  let least = Infinity
  for (let part = 0; part < 2 ** (nodes - 2); part += 1) {
    const isIn = (node: number): boolean => node === 0 || (node < nodes - 1 && ((part >> (node - 1)) & 1) === 1)
    const cut = edges.filter(({ from, to }) => isIn(from) && !isIn(to)).reduce((sum, { capacity }) => sum + capacity, 0)
    least = Math.min(least, cut)
  }
  return least
}

test('as much flows as the least cut lets through, in random networks', () => {
  const dice = new Dice(5)
  for (let round = 0; round < 200; round += 1) {
    const nodes = 4 + dice.below(4)
    const inner = Array.from({ length: 12 }, () => ({
      from: dice.below(nodes - 1),
      to: 1 + dice.below(nodes - 2),
      capacity: dice.below(4),
    }))
    // Of capacity 1, so that full ones are the flow.
    const last = Array.from({ length: 5 }, () => ({ from: dice.below(nodes - 1), to: nodes - 1, capacity: 1 }))
    const edges = [...inner.filter(({ from, to }) => from !== to), ...last]
    expect(fullIntoSink(nodes, edges).filter((isFull) => isFull).length).toBe(leastCut(nodes, edges))
  }
})
