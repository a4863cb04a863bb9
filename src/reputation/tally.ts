/**
 * What counts for each author in a set of blocks (spec §4): a sum, kept up in both directions. Holds times only, so any
 * time can be asked about; nothing costs more in a longer chain than O(log n), and putting a time in its place.
 */
import type { Graph } from '../dag/graph.ts'
import type { BlockTable } from './block-table.ts'
import { dayOf, lastOldTime, NO_COUNTS, windowStart, type Counts } from './rules.ts'
import { Timeline } from './binary-search.ts'

/** Of one author. Lines that most authors do not need are made when they do. */
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
  readonly #table: BlockTable
  readonly #sums = new Map<number, Sums>()

  constructor(graph: Graph, table: BlockTable) {
    this.#graph = graph
    this.#table = table
  }

  /** Takes a block into the set; it must be in the table, and not in the set. */
  add(index: number): void {
    const time = this.#graph.time(index)
    const author = this.#table.authorOf(index)
    const like = this.#table.likeOf(index)
    if (like !== undefined) {
      const liked = this.#table.authorOf(like.target)
      if (liked !== undefined) received(this.#sumsOf(liked), like.n).add(time)
    }
    if (author === undefined) return
    const sums = this.#sumsOf(author)
    if (like === undefined) addPost(sums, time)
    else (sums.given ??= new Timeline()).add(time)
  }

  /**
   * Takes a block out of the set.
   * @throws {Bug} if it cannot have been in
   */
  remove(index: number): void {
    const time = this.#graph.time(index)
    const author = this.#table.authorOf(index)
    const like = this.#table.likeOf(index)
    if (like !== undefined) {
      const liked = this.#table.authorOf(like.target)
      if (liked !== undefined) received(this.#sumsOf(liked), like.n).remove(time)
    }
    if (author === undefined) return
    const sums = this.#sumsOf(author)
    if (like === undefined) removePost(sums, time)
    else (sums.given ??= new Timeline()).remove(time)
  }

  /** What counts for an author at time `t`. As `t` moves on, new becomes old, and old stops counting. */
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

/** Rule 1.b: the days of all posts in between, told from the days of the first and the last of them. */
function matureDays({ posts, days }: Sums, from: number, upTo: number): number {
  const first = posts.at(posts.positionFrom(from)) ?? Number.POSITIVE_INFINITY
  const last = posts.at(posts.positionAfter(upTo) - 1) ?? Number.NEGATIVE_INFINITY
  return first > last ? 0 : days.positionAfter(dayOf(last)) - days.positionFrom(dayOf(first))
}

function countFrom(line: Timeline | undefined, from: number): number {
  return line === undefined ? 0 : line.length - line.positionFrom(from)
}
