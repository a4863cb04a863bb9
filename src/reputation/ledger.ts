/**
 * The ledger of a set of blocks that holds their pasts (spec §4): which votes count, which posts are minting, and what every
 * author has. Blocks come and go one by one, in any order in which the set stays closed; what follows for blocks that come
 * later in order is settled at once, each of them at most once. Copies share what they have in common.
 *
 * Whether a block counts depends on blocks before it in order alone. So settling goes up in that order: of all authors whose
 * accounts changed, the first block that turns is turned, and its effects noted, until none does. An account that changed
 * at some block matters to its author's blocks of the next {@link REACH_MS} only.
 */
import { Bug } from '../dag/result.ts'
import type { Graph } from '../dag/graph.ts'
import { Accounts, type Account } from './accounts.ts'
import type { BlockTable } from './block-table.ts'
import { DISLIKED, LIKED, POST_MINTING, POST_PLAIN, RIPE, VOTE_COUNTS, VOTE_VOID, type Kind } from './moments.ts'
import { OrderHeap } from './order-heap.ts'
import type { Edit } from './persistent-tree.ts'
import { DAY_MS, isEnough, WINDOW_MS } from './rules.ts'

/** A change is in the window for so long, or moves a day of that window. */
const REACH_MS = WINDOW_MS + DAY_MS

/** Accounts that are copied together. */
const CHUNK = 64

export interface LedgerParts {
  readonly graph: Graph
  readonly table: BlockTable
  /** Rule 1.a, of the author with this number. */
  readonly baseOf: (author: number) => number
  /** Rules 4.d and 4.e. */
  readonly isUnlimited: (author: number) => boolean
}

/** Told of a vote that counts now, or does not any more. */
export type OnTurn = (vote: number, counts: boolean) => void

interface Chunk {
  readonly edit: Edit
  readonly accounts: (OwnedAccount | undefined)[]
}

interface OwnedAccount extends Account {
  readonly edit: Edit
}

/** An author whose blocks are not settled. */
interface Unsettled {
  /** Behind this block in order, up to this time. */
  readonly from: number
  readonly until: number
  /** The first of them that turns. */
  next: number | undefined
}

const EMPTY: Account = { moments: undefined, sources: undefined }

export class Ledger {
  readonly #parts: LedgerParts
  readonly #accounts: Accounts
  readonly #onTurn: OnTurn
  #edit: Edit = {}
  #chunks: (Chunk | undefined)[] = []
  /** Nothing of accounts later than this block in order is in the set, but for those that were looked at since. */
  readonly #last: number | undefined
  readonly #lookedAt = new Set<number>()

  constructor(parts: LedgerParts, onTurn: OnTurn = () => undefined, shared?: { accounts: Accounts; last?: number }) {
    this.#parts = parts
    this.#onTurn = onTurn
    this.#accounts = shared?.accounts ?? new Accounts(parts.graph, parts.table)
    this.#last = shared?.last
  }

  /** A copy that goes its own way; of what comes no later in order than `last`, if that is given. */
  fork(onTurn?: OnTurn, last?: number): Ledger {
    if (this.#last !== undefined && last !== undefined) throw new Bug('a part of a ledger is not cut again')
    const upTo = last ?? this.#last
    const copy = new Ledger(this.#parts, onTurn, {
      accounts: this.#accounts,
      ...(upTo === undefined ? {} : { last: upTo }),
    })
    copy.#chunks = [...this.#chunks]
    for (const author of this.#lookedAt) copy.#lookedAt.add(author)
    // From now on nobody owns what is shared.
    this.#edit = {}
    return copy
  }

  /** Takes a block into the set. Its past is in, and nothing above it. */
  add(block: number): void {
    const { table } = this.#parts
    const author = table.authorOf(block)
    if (author === undefined) return
    const unsettled = new Map<number, Unsettled>()
    const heap = new OrderHeap(this.#parts.graph)
    const touch = this.#toucher(unsettled, heap)
    if (table.isPost(block)) this.#addPost(author, block)
    else this.#addVote(author, block, touch)
    if (!this.#parts.isUnlimited(author)) touch(author, block)
    this.#settle(unsettled, heap, touch)
  }

  /**
   * Takes a block out of the set, above which nothing is in.
   * @throws {Bug} if it cannot have been in
   */
  remove(block: number): void {
    const { table } = this.#parts
    const author = table.authorOf(block)
    if (author === undefined) return
    const unsettled = new Map<number, Unsettled>()
    const heap = new OrderHeap(this.#parts.graph)
    const touch = this.#toucher(unsettled, heap)
    if (table.isPost(block)) this.#removePost(author, block)
    else this.#removeVote(author, block, touch)
    if (!this.#parts.isUnlimited(author)) touch(author, block)
    this.#settle(unsettled, heap, touch)
  }

  /** Whether a vote counts that is in the set. */
  counts(vote: number): boolean {
    const author = this.#parts.table.authorOf(vote)
    if (author === undefined) return false
    if (this.#parts.isUnlimited(author)) return true
    return this.#accounts.kindOf(this.#account(author), vote, VOTE_COUNTS) === VOTE_COUNTS
  }

  /** reps(author, the set, t), for somebody limited. */
  repsOf(author: number, t: number): number {
    return this.#accounts.balance(this.#account(author), this.#parts.baseOf(author), t)
  }

  #addPost(author: number, post: number): void {
    if (this.#parts.isUnlimited(author)) return
    const account = this.#own(author)
    const isMinting = this.#standingUntil(author, account, post) !== undefined
    this.#accounts.insert(account, post, isMinting ? POST_MINTING : POST_PLAIN, this.#edit)
    this.#accounts.insert(account, post, RIPE, this.#edit)
    if (isMinting) this.#accounts.addSource(account, post, this.#edit)
  }

  #removePost(author: number, post: number): void {
    if (this.#parts.isUnlimited(author)) return
    const account = this.#own(author)
    const kind = this.#kindOf(account, post, POST_PLAIN)
    if (kind === POST_MINTING) this.#accounts.removeSource(account, post, this.#edit)
    this.#accounts.remove(account, post, RIPE, this.#edit)
    this.#accounts.remove(account, post, kind, this.#edit)
  }

  #addVote(author: number, vote: number, touch: Touch): void {
    let counts = true
    if (!this.#parts.isUnlimited(author)) {
      const account = this.#own(author)
      counts = this.#canPay(author, account, vote)
      this.#accounts.insert(account, vote, counts ? VOTE_COUNTS : VOTE_VOID, this.#edit)
    }
    if (counts) this.#credit(vote, true, touch)
  }

  #removeVote(author: number, vote: number, touch: Touch): void {
    let counts = true
    if (!this.#parts.isUnlimited(author)) {
      const account = this.#own(author)
      const kind = this.#kindOf(account, vote, VOTE_VOID)
      counts = kind === VOTE_COUNTS
      this.#accounts.remove(account, vote, kind, this.#edit)
    }
    if (counts) this.#credit(vote, false, touch)
  }

  /** The effects of a vote that counts on its target's author, made or taken back. */
  #credit(vote: number, counts: boolean, touch: Touch): void {
    this.#onTurn(vote, counts)
    const { table, isUnlimited } = this.#parts
    const like = table.likeOf(vote)
    const author = like === undefined ? undefined : table.authorOf(like.target)
    if (like === undefined || author === undefined || isUnlimited(author) || author === table.authorOf(vote)) return
    const account = this.#own(author)
    const kind = like.n === 1 ? LIKED : DISLIKED
    if (counts) this.#accounts.insert(account, vote, kind, this.#edit)
    else this.#accounts.remove(account, vote, kind, this.#edit)
    if (like.n === 1 && counts) this.#accounts.addSource(account, vote, this.#edit)
    else if (like.n === 1) this.#accounts.removeSource(account, vote, this.#edit)
    touch(author, vote)
  }

  #settle(unsettled: Map<number, Unsettled>, heap: OrderHeap, touch: Touch): void {
    for (let block = heap.pop(); block !== undefined; block = heap.pop()) {
      const author = this.#parts.table.authorOf(block) ?? -1
      // What was noted before something else turned may not hold any more.
      if (unsettled.get(author)?.next === block) this.#turn(author, block, touch)
    }
  }

  #turn(author: number, block: number, touch: Touch): void {
    const account = this.#own(author)
    if (this.#parts.table.isPost(block)) {
      const isMinting = this.#kindOf(account, block, POST_PLAIN) === POST_PLAIN
      this.#accounts.turn(account, block, isMinting ? POST_MINTING : POST_PLAIN, this.#edit)
      if (isMinting) this.#accounts.addSource(account, block, this.#edit)
      else this.#accounts.removeSource(account, block, this.#edit)
    } else {
      const counts = this.#kindOf(account, block, VOTE_VOID) === VOTE_VOID
      this.#accounts.turn(account, block, counts ? VOTE_COUNTS : VOTE_VOID, this.#edit)
      this.#credit(block, counts, touch)
    }
    touch(author, block)
  }

  /** Notes that an account changed at a block, and which of the author's blocks turns first. */
  #toucher(unsettled: Map<number, Unsettled>, heap: OrderHeap): Touch {
    return (author, at) => {
      const before = unsettled.get(author)?.until ?? Number.NEGATIVE_INFINITY
      const until = Math.max(before, this.#parts.graph.time(at) + REACH_MS)
      const account = this.#account(author)
      const posts = this.#parts.baseOf(author) >= 1 ? undefined : this.#nextPost(author, account, at, until)
      const vote = this.#nextVote(author, account, at, until)
      const next = this.#earlier(posts, vote)
      unsettled.set(author, { from: at, until, next })
      if (next !== undefined) heap.push(next)
    }
  }

  /** The first vote of the author's behind a block that turns. */
  #nextVote(author: number, account: Account, at: number, until: number): number | undefined {
    for (let block = at; ;) {
      const next = this.#accounts.nextBehind(account, block, ({ votes }) => votes > 0, isVote)
      if (next === undefined || this.#parts.graph.time(next.block) > until) return undefined
      if (this.#canPay(author, account, next.block) !== (next.kind === VOTE_COUNTS)) return next.block
      block = next.block
    }
  }

  /** The first post of the author's behind a block that is minting and has no standing, or the other way round. */
  #nextPost(author: number, account: Account, at: number, until: number): number | undefined {
    let next = this.#accounts.nextBehind(account, at, hasPosts, isPost)
    while (next !== undefined && this.#parts.graph.time(next.block) <= until) {
      const { block, kind } = next
      const standing = this.#standingUntil(author, account, block)
      if ((standing !== undefined) !== (kind === POST_MINTING)) return block
      if (standing === undefined) {
        next = this.#accounts.nextBehind(account, block, hasPosts, isPost)
        continue
      }
      // Until then all posts have standing.
      const plain = this.#accounts.nextBehind(account, block, ({ plainPosts }) => plainPosts > 0, isPlainPost)
      const plainTime = plain === undefined ? Number.POSITIVE_INFINITY : this.#parts.graph.time(plain.block)
      if (plain !== undefined && plainTime <= standing) return plainTime <= until ? plain.block : undefined
      next = this.#accounts.nextAfter(account, standing, hasPosts, isPost)
    }
    return undefined
  }

  #canPay(author: number, account: Account, vote: number): boolean {
    const { baseOf, graph } = this.#parts
    return isEnough(this.#accounts.balance(account, baseOf(author), graph.time(vote), vote))
  }

  #standingUntil(author: number, account: Account, post: number): number | undefined {
    if (this.#parts.baseOf(author) >= 1) return Number.POSITIVE_INFINITY
    return this.#accounts.standingUntil(account, post)
  }

  #kindOf(account: Account, block: number, like: Kind): Kind {
    const kind = this.#accounts.kindOf(account, block, like)
    if (kind === undefined) throw new Bug(`block ${String(block)} is not in the ledger`)
    return kind
  }

  #earlier(a: number | undefined, b: number | undefined): number | undefined {
    if (a === undefined || b === undefined) return a ?? b
    return this.#parts.graph.compare(a, b) < 0 ? a : b
  }

  #account(author: number): Account {
    const account = this.#chunks[Math.floor(author / CHUNK)]?.accounts[author % CHUNK]
    if (account === undefined) return EMPTY
    return this.#last === undefined || this.#lookedAt.has(author) ? account : this.#own(author)
  }

  /** One that may be altered. */
  #own(author: number): Account {
    const at = Math.floor(author / CHUNK)
    let chunk = this.#chunks[at]
    if (chunk?.edit !== this.#edit) {
      chunk = { edit: this.#edit, accounts: [...(chunk?.accounts ?? [])] }
      this.#chunks[at] = chunk
    }
    let account = chunk.accounts[author % CHUNK]
    if (account?.edit !== this.#edit) {
      account = { ...(account ?? EMPTY), edit: this.#edit }
      chunk.accounts[author % CHUNK] = account
    }
    if (this.#last !== undefined && !this.#lookedAt.has(author)) {
      this.#lookedAt.add(author)
      Object.assign(account, this.#accounts.upTo(account, this.#last, this.#edit))
    }
    return account
  }
}

type Touch = (author: number, at: number) => void

function isVote(kind: Kind): boolean {
  return kind === VOTE_COUNTS || kind === VOTE_VOID
}

function isPost(kind: Kind): boolean {
  return kind === POST_MINTING || kind === POST_PLAIN
}

function isPlainPost(kind: Kind): boolean {
  return kind === POST_PLAIN
}

function hasPosts({
  mintingPosts,
  plainPosts,
}: {
  readonly mintingPosts: number
  readonly plainPosts: number
}): boolean {
  return mintingPosts + plainPosts > 0
}
