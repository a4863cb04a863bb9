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
import { Accounts, REACH_MS, type Account } from './accounts.ts'
import type { BlockTable } from './block-table.ts'
import { DISLIKED, LIKED, POST_MINTING, POST_PLAIN, RIPE, VOTE_COUNTS, VOTE_VOID, type Kind } from './moments.ts'
import { OrderHeap } from './order-heap.ts'
import type { Edit } from './tree-nodes.ts'
import { isEnough } from './rules.ts'
import { Turns } from './turns.ts'
import { MOVE_STEPS, type Work } from './work.ts'

/** Accounts that are copied together. */
const CHUNK = 64

export interface LedgerParts {
  readonly graph: Graph
  readonly table: BlockTable
  /** Rule 1.a, of the author with this number. */
  readonly baseOf: (author: number) => number
  /** Rules 4.d and 4.e. */
  readonly isUnlimited: (author: number) => boolean
  readonly work?: Work
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
  /** Up to this time. */
  readonly until: number
  /** The first of them that turns. */
  readonly next: number | undefined
}

const EMPTY: Account = { moments: undefined, sources: undefined, margins: undefined }

export class Ledger {
  readonly #parts: LedgerParts
  readonly #accounts: Accounts
  readonly #turns: Turns
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
    this.#turns = new Turns(parts, this.#accounts)
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
    const { table, work } = this.#parts
    const author = table.authorOf(block)
    if (author === undefined) return
    work?.note(MOVE_STEPS)
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
    const { table, work } = this.#parts
    const author = table.authorOf(block)
    if (author === undefined) return
    work?.note(MOVE_STEPS)
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
    const isMinting = this.#turns.standingUntil(author, account, post) !== undefined
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
      const balance = this.#turns.balanceAt(author, account, vote)
      counts = isEnough(balance)
      this.#accounts.insert(account, vote, counts ? VOTE_COUNTS : VOTE_VOID, this.#edit)
      this.#accounts.noteBalance(account, vote, { counts, balance })
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
      this.#accounts.forgetBalance(account, vote)
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
      const [before, after] = isMinting ? ([POST_PLAIN, POST_MINTING] as const) : ([POST_MINTING, POST_PLAIN] as const)
      this.#accounts.turn(account, block, { before, after }, this.#edit)
      if (isMinting) this.#accounts.addSource(account, block, this.#edit)
      else this.#accounts.removeSource(account, block, this.#edit)
    } else {
      const counts = this.#kindOf(account, block, VOTE_VOID) === VOTE_VOID
      const [before, after] = counts ? ([VOTE_VOID, VOTE_COUNTS] as const) : ([VOTE_COUNTS, VOTE_VOID] as const)
      this.#accounts.turn(account, block, { before, after }, this.#edit)
      this.#turns.note(author, account, block, counts)
      this.#credit(block, counts, touch)
    }
    touch(author, block)
  }

  /** Notes that an account changed at a block, and which of the author's blocks turns first. */
  #toucher(unsettled: Map<number, Unsettled>, heap: OrderHeap): Touch {
    return (author, at) => {
      const before = unsettled.get(author)?.until ?? Number.NEGATIVE_INFINITY
      const until = Math.max(before, this.#parts.graph.time(at) + REACH_MS)
      const next = this.#turns.next(author, this.#own(author), at, until)
      unsettled.set(author, { until, next })
      if (next !== undefined) heap.push(next)
    }
  }

  #kindOf(account: Account, block: number, like: Kind): Kind {
    const kind = this.#accounts.kindOf(account, block, like)
    if (kind === undefined) throw new Bug(`block ${String(block)} is not in the ledger`)
    return kind
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
