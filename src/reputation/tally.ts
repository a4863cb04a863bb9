/**
 * What counts for each author in a set of blocks (spec §4): sums that are updated as blocks are added and removed. It keeps
 * times, so it can be queried for any time. Each step costs O(log n), and a shift of later times on insertion.
 */
import type { Graph } from '../dag/graph.ts'
import type { Ledger } from './ledger.ts'
import { dayOf, lastOldTime, NO_COUNTS, windowStart, type Counts } from './rules.ts'
import { Timeline } from './binary-search.ts'

/** Of one author. Timelines that most authors do not need are created on demand. */
interface Sums {
  readonly posts: Timeline
  /** Distinct days of `posts`. */
  readonly days: Timeline
  /** Likes and dislikes by the author. */
  given?: Timeline
  /** Received by the author's posts. */
  likes?: Timeline
  dislikes?: Timeline
}

export class Tally {
  readonly #graph: Graph
  readonly #ledger: Ledger
  readonly #sums = new Map<number, Sums>()

  constructor(graph: Graph, ledger: Ledger) {
    this.#graph = graph
    this.#ledger = ledger
  }

  /** Adds a block to the set. It is in the ledger, and not in the set. */
  add(index: number): void {
    const time = this.#graph.time(index)
    const author = this.#ledger.authorOf(index)
    const like = this.#ledger.likeOf(index)
    if (like !== undefined) {
      const liked = this.#ledger.authorOf(like.target)
      if (liked !== undefined) received(this.#sumsOf(liked), like.n).add(time)
    }
    if (author === undefined) return
    const sums = this.#sumsOf(author)
    if (like === undefined) addPost(sums, time)
    else (sums.given ??= new Timeline()).add(time)
  }

  /**
   * Removes a block from the set.
   * @throws {Bug} if it cannot have been in the set
   */
  remove(index: number): void {
    const time = this.#graph.time(index)
    const author = this.#ledger.authorOf(index)
    const like = this.#ledger.likeOf(index)
    if (like !== undefined) {
      const liked = this.#ledger.authorOf(like.target)
      if (liked !== undefined) received(this.#sumsOf(liked), like.n).remove(time)
    }
    if (author === undefined) return
    const sums = this.#sumsOf(author)
    if (like === undefined) removePost(sums, time)
    else (sums.given ??= new Timeline()).remove(time)
  }

  /** What counts for an author at time `t`. As `t` grows, new blocks become old, and old ones stop counting. */
  countsOf(author: number, t: number): Counts {
    const sums = this.#sums.get(author)
    if (sums === undefined) return NO_COUNTS
    const start = windowStart(t)
    const lastOld = lastOldTime(t)
    const { posts, given } = sums
    const oldGiven = given?.positionAfter(lastOld) ?? 0
    return {
      mature: matureDays(sums, start, lastOld),
      recv: countFrom(sums.likes, start) - countFrom(sums.dislikes, start),
      old: oldGiven - (given?.positionFrom(start) ?? 0),
      new: (given?.length ?? 0) - oldGiven,
      fresh: posts.length - posts.positionAfter(lastOld),
    }
  }

  /** The author's posts with `from` ≤ time ≤ `upTo`. */
  postsBetween(author: number, from: number, upTo: number): number {
    const posts = this.#sums.get(author)?.posts
    return posts === undefined ? 0 : Math.max(0, posts.positionAfter(upTo) - posts.positionFrom(from))
  }

  /** Days from `first` to `last` on which the author has posts, ascending. */
  postDays(author: number, first: number, last: number): number[] {
    const found: number[] = []
    const days = this.#sums.get(author)?.days
    if (days === undefined) return found
    const end = days.positionAfter(last)
    for (let at = days.positionFrom(first); at < end; at += 1) found.push(days.at(at) ?? 0)
    return found
  }

  #sumsOf(author: number): Sums {
    let sums = this.#sums.get(author)
    if (sums === undefined) {
      sums = { posts: new Timeline(), days: new Timeline() }
      this.#sums.set(author, sums)
    }
    return sums
  }
}

function received(sums: Sums, n: 1 | -1): Timeline {
  if (n === 1) return (sums.likes ??= new Timeline())
  return (sums.dislikes ??= new Timeline())
}

function addPost({ posts, days }: Sums, time: number): void {
  posts.add(time)
  const day = dayOf(time)
  if (days.at(days.positionFrom(day)) !== day) days.add(day)
}

function removePost({ posts, days }: Sums, time: number): void {
  posts.remove(time)
  const day = dayOf(time)
  const neighbour = posts.positionFrom(time)
  const isDayLeft = [neighbour - 1, neighbour].some((at) => dayOf(posts.at(at) ?? Number.NaN) === day)
  if (!isDayLeft) days.remove(day)
}

/** Rule 1.b: the number of days with posts from the first to the last post in the interval. */
function matureDays({ posts, days }: Sums, from: number, upTo: number): number {
  const first = posts.at(posts.positionFrom(from)) ?? Number.POSITIVE_INFINITY
  const last = posts.at(posts.positionAfter(upTo) - 1) ?? Number.NEGATIVE_INFINITY
  return first > last ? 0 : days.positionAfter(dayOf(last)) - days.positionFrom(dayOf(first))
}

function countFrom(times: Timeline | undefined, from: number): number {
  return times === undefined ? 0 : times.length - times.positionFrom(from)
}
