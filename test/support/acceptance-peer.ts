/** One peer's acceptance beside the slow twin's: blocks of the twin go in, answers of both come out by id. */
import { Graph } from '../../src/dag/graph.ts'
import type { AuthorKey, BlockId } from '../../src/dag/ids.ts'
import { Acceptance, type Change, type LoadedState } from '../../src/reputation/acceptance.ts'
import { BlockTable } from '../../src/reputation/block-table.ts'
import { DRAWN_CHAIN } from './draw.ts'
import { backsOf, headsOf, past, type ReputationTwin, type TwinBlock } from './reputation-twin.ts'

export class AcceptancePeer {
  readonly twin: ReputationTwin
  graph = new Graph(DRAWN_CHAIN, 3)
  table = new BlockTable(this.graph)
  acceptance = this.#acceptanceOf(this.graph, this.table)
  /** By local index; the genesis is nothing. */
  readonly blocks: (TwinBlock | undefined)[] = [undefined]
  readonly #indexes = new Map<TwinBlock, number>()
  readonly #dropped = new Set<TwinBlock>()
  /** In V. */
  readonly set = new Set<TwinBlock>()

  constructor(twin: ReputationTwin) {
    this.twin = twin
  }

  /** Whether backs of a block whose backs are known are accepted in its past, or welcomed. */
  standsOnAccepted(u: TwinBlock): boolean {
    const like = u.like === undefined ? undefined : { n: u.like.n, target: this.indexOf(u.like.target) ?? -1 }
    return this.acceptance.backsAccepted(this.#backs(u), like) === 'sound'
  }

  /** Brings the block into the graph and the table, but not into V. */
  know(u: TwinBlock): number {
    const before = this.#indexes.get(u)
    if (before !== undefined) return before
    const row = { id: u.id as BlockId, height: u.height, time: u.time, backs: this.#backs(u) }
    const index = this.graph.add(row, false)
    this.blocks[index] = u
    this.#indexes.set(u, index)
    this.#enter(this.table, index)
    return index
  }

  add(u: TwinBlock): Change {
    const index = this.know(u)
    this.set.add(u)
    return this.acceptance.add(index)
  }

  /** Takes an unpaid block on which nothing stands out of V and of the table; it may come again. */
  drop(u: TwinBlock): void {
    const index = this.#indexes.get(u)!
    this.table.remove(index)
    this.acceptance.drop(index)
    this.set.delete(u)
    this.#dropped.add(u)
  }

  /** Takes the newest block out of everything, in V or not, dropped or not; unless it is accepted. */
  pop(): TwinBlock | undefined {
    const index = this.graph.size - 1
    const u = this.blocks[index]
    if (u === undefined || this.graph.isAccepted(index)) return undefined
    if (this.acceptance.has(index)) this.acceptance.drop(index)
    this.table.pop(index)
    this.graph.pop()
    this.blocks.pop()
    this.#indexes.delete(u)
    this.set.delete(u)
    this.#dropped.delete(u)
    return u
  }

  /** Takes a block out of V, paid or not, that is the last of its author's and that nothing in V stands on. */
  retreat(u: TwinBlock): Change {
    this.set.delete(u)
    return this.acceptance.retreat(this.#indexes.get(u)!)
  }

  /** Whether a known block was not dropped. */
  lives(u: TwinBlock): boolean {
    return !this.#dropped.has(u)
  }

  /** A dropped block is back in the table. */
  recall(u: TwinBlock): void {
    if (this.#dropped.delete(u)) this.#enter(this.table, this.#indexes.get(u)!)
  }

  /** Starts again from what a store would hold. */
  reload(): void {
    const graph = new Graph(DRAWN_CHAIN, 4)
    const table = new BlockTable(graph)
    for (let index = 1; index < this.graph.size; index += 1) {
      const backs = this.graph.backs(index)
      const row = { id: this.graph.id(index), height: this.graph.height(index), time: this.graph.time(index), backs }
      graph.add(row, this.graph.isAccepted(index))
      this.#enter(table, index)
      if (this.#dropped.has(this.blocks[index]!)) table.remove(index)
    }
    const acceptance = this.#acceptanceOf(graph, table)
    acceptance.load((index): LoadedState => {
      if (!this.acceptance.has(index)) return 'outside'
      return this.acceptance.isPaid(index) ? 'paid' : 'unpaid'
    })
    this.graph = graph
    this.table = table
    this.acceptance = acceptance
  }

  /** Ids in `paid`, `accepted` and `heads`, as this peer has them. */
  answers(): { paid: string[]; accepted: string[]; heads: string[] } {
    const known = [...this.set]
    return {
      paid: ids(known.filter((u) => this.acceptance.isPaid(this.#indexes.get(u)!))),
      accepted: ids(this.blocks.filter((u, index) => u !== undefined && this.graph.isAccepted(index)) as TwinBlock[]),
      heads: this.graph.heads().flatMap((index) => this.blocks[index]?.id ?? []),
    }
  }

  /** The same by definition. */
  expected(): { paid: string[]; accepted: string[]; heads: string[] } {
    const accepted = this.twin.accepted(this.set)
    return { paid: ids(this.twin.paid(this.set)), accepted: ids(accepted), heads: headsOf(accepted).map((u) => u.id) }
  }

  expectedToStand(u: TwinBlock): boolean {
    const accepted = this.twin.accepted(past(u))
    return backsOf(u).every((back) => accepted.has(back) || (u.like?.n === 1 && u.like.target === back))
  }

  indexOf(u: TwinBlock): number | undefined {
    return this.#indexes.get(u)
  }

  #backs(u: TwinBlock): number[] {
    return u.backs === 'genesis' ? [0] : u.backs.map((back) => this.#indexes.get(back)!)
  }

  #acceptanceOf(graph: Graph, table: BlockTable): Acceptance {
    const isUnlimited = (index: number) => this.twin.isUnlimited(this.blocks[index]?.author)
    return new Acceptance({ graph, table, isUnlimited })
  }

  #enter(table: BlockTable, index: number): void {
    const u = this.blocks[index]!
    const k = this.twin.k(u)
    table.add(index, {
      ...(u.author === undefined ? {} : { author: u.author as AuthorKey }),
      ...(u.like === undefined ? {} : { like: { n: u.like.n, target: this.#indexes.get(u.like.target)! } }),
      k: Number.isFinite(k) ? k : 0,
    })
  }
}

function ids(blocks: Iterable<TwinBlock>): string[] {
  return [...blocks].map((u) => u.id).sort()
}
