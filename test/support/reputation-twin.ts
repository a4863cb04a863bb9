/**
 * Slow twin of everything in `src/reputation`: spec §4 and §5 word for word, over sets of plain blocks, nothing clever
 * but a memo of what is intrinsic to a block. It knows nothing of arrival, holding, delays, or blocks set aside: a caller
 * leaves those out of the set. Fit for DAGs of some hundred blocks.
 */

/** Ids and authors are compared as strings; use 64 upper-case hex digits where real code is compared with the twin. */
export interface TwinBlock {
  readonly id: string
  readonly height: number
  readonly time: number
  readonly backs: readonly TwinBlock[] | 'genesis'
  readonly author?: string
  readonly like?: { readonly n: 1 | -1; readonly target: TwinBlock }
}

export interface TwinChain {
  readonly kind: 'forum' | 'group' | 'identity' | 'owner-only'
  readonly pioneers: readonly string[]
  /** Of an identity chain. */
  readonly owner?: string
  /** The peer's pioneer, for a forum without `pioneers`; without one, the author of the first post in the set. */
  readonly pioneer?: string
}

export type TwinSet = ReadonlySet<TwinBlock>

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Order of blocks (§1). */
export function compareBlocks(a: TwinBlock, b: TwinBlock): number {
  return a.time - b.time || a.height - b.height || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

export function inOrder(blocks: Iterable<TwinBlock>): TwinBlock[] {
  return [...blocks].sort(compareBlocks)
}

export function backsOf(u: TwinBlock): readonly TwinBlock[] {
  return u.backs === 'genesis' ? [] : u.backs
}

const pasts = new WeakMap<TwinBlock, TwinSet>()

/** All blocks reachable by backs, the block itself excluded. */
export function past(u: TwinBlock): TwinSet {
  return memo(pasts, u, () => new Set(backsOf(u).flatMap((back) => [back, ...past(back)])))
}

/** The blocks and their pasts. */
export function withPasts(blocks: Iterable<TwinBlock>): Set<TwinBlock> {
  const all = new Set<TwinBlock>()
  // Latest first: what one past holds need not be looked at again.
  for (const u of inOrder(blocks).reverse()) if (!all.has(u)) for (const v of [u, ...past(u)]) all.add(v)
  return all
}

export function areConcurrent(a: TwinBlock, b: TwinBlock): boolean {
  return a !== b && !past(a).has(b) && !past(b).has(a)
}

/** Blocks of the set that none of its blocks links back to, in order. */
export function headsOf(set: TwinSet): TwinBlock[] {
  const linked = new Set([...set].flatMap(backsOf))
  return inOrder([...set].filter((u) => !linked.has(u)))
}

/** The rules of one chain. Sets that it is given hold the past of each of their blocks, except for `reps`. */
export class ReputationTwin {
  readonly chain: TwinChain
  readonly #k = new WeakMap<TwinBlock, number>()
  readonly #sound = new WeakMap<TwinBlock, boolean>()
  readonly #acceptedInPast = new WeakMap<TwinBlock, TwinSet>()

  constructor(chain: TwinChain) {
    this.chain = chain
  }

  /** Rules 4.d and 4.e. */
  isUnlimited(author: string | undefined): boolean {
    return this.chain.kind === 'group' || (author !== undefined && author === this.chain.owner)
  }

  /** §4: the author's balance after all of the set; infinite for unlimited authors. */
  reps(author: string, set: TwinSet, t: number): number {
    return this.ledger(set).reps(author, t)
  }

  /** §4: to be asked again and again about one set, which must not change meanwhile. */
  ledger(set: TwinSet): LedgerTwin {
    const bases = new Map<string, number>()
    const base = (author: string): number => {
      const known = bases.get(author) ?? this.#base(author, set)
      bases.set(author, known)
      return known
    }
    return new LedgerTwin(set, (author) => this.isUnlimited(author), base)
  }

  /** Rule 1.a. */
  #base(author: string, set: TwinSet): number {
    const { kind, pioneers } = this.chain
    if (kind !== 'forum') return 0
    if (pioneers.length > 0) return pioneers.includes(author) ? Math.floor(30 / pioneers.length) : 0
    return author === (this.chain.pioneer ?? inOrder(set).find((u) => u.height === 1)?.author) ? 30 : 0
  }

  /** k(u): what the author had in the block's own eyes. Unlimited: infinite; unsigned: 0. */
  k(u: TwinBlock): number {
    return memo(this.#k, u, () => {
      if (this.isUnlimited(u.author)) return Number.POSITIVE_INFINITY
      if (u.author === undefined) return 0
      // In its own eyes, the author of a first post is the pioneer.
      const seen = u.backs === 'genesis' && this.chain.pioneer === undefined ? new Set([u]) : past(u)
      return seen.has(u) ? this.#base(u.author, seen) : this.reps(u.author, seen, u.time)
    })
  }

  /** The blocks paid in the set (§5). */
  paid(set: TwinSet): Set<TwinBlock> {
    const paid = new Set<TwinBlock>()
    for (const author of new Set([...set].map((u) => u.author))) {
      const own = inOrder([...set].filter((u) => u.author === author))
      for (const u of own) if (this.#isPaid(u, own, paid)) paid.add(u)
    }
    return paid
  }

  /** `own`: all of the author's blocks in the set, in order; `paid` tells it of those before u. */
  #isPaid(u: TwinBlock, own: readonly TwinBlock[], paid: TwinSet): boolean {
    if (this.isUnlimited(u.author)) return true
    if (u.author === undefined || this.k(u) < 1) return false
    const isStoodOn = (v: TwinBlock) => [...past(u)].some((w) => w.author !== u.author && past(w).has(v))
    if (!own.every((v) => !past(u).has(v) || paid.has(v) || isStoodOn(v))) return false
    const rivals = own.filter((v) => compareBlocks(v, u) < 0 && paid.has(v) && areConcurrent(v, u))
    return this.k(u) - rivals.length >= 1
  }

  /** The blocks paid in the set, and their pasts. Whether they are sound is not asked. */
  accepted(set: TwinSet): Set<TwinBlock> {
    return withPasts(this.paid(set))
  }

  /** §2, §3 as far as they speak of backs, height, time, author, pioneer and like; and §5. */
  isSound(u: TwinBlock): boolean {
    return memo(
      this.#sound,
      u,
      () => this.#isWellMade(u) && backsOf(u).every((back) => this.isSound(back)) && this.#standsOnAccepted(u),
    )
  }

  #isWellMade(u: TwinBlock): boolean {
    const backs = backsOf(u)
    if (u.backs !== 'genesis' && (backs.length < 1 || backs.length > 16)) return false
    if (new Set(backs).size !== backs.length) return false
    if (u.height !== 1 + Math.max(0, ...backs.map((back) => back.height))) return false
    if (backs.some((back) => back.time > u.time)) return false
    const { kind, pioneers, pioneer } = this.chain
    if (kind === 'owner-only' && u.author !== this.chain.owner) return false
    if (kind === 'forum' && pioneers.length === 0 && u.height === 1) {
      if (u.author === undefined || (pioneer !== undefined && u.author !== pioneer)) return false
    }
    return u.like === undefined || this.#isLikeWellMade(u, u.like)
  }

  #isLikeWellMade(u: TwinBlock, { n, target }: NonNullable<TwinBlock['like']>): boolean {
    if (u.author === undefined || !past(u).has(target) || target.like !== undefined) return false
    return n === -1 || target.author !== u.author
  }

  #standsOnAccepted(u: TwinBlock): boolean {
    const accepted = memo(this.#acceptedInPast, u, () => this.accepted(past(u)))
    return backsOf(u).every((back) => accepted.has(back) || (u.like?.n === 1 && u.like.target === back))
  }

  /** What a peer accepts that has these blocks: accepted(V), V being the sound ones. */
  acceptedOf(blocks: Iterable<TwinBlock>): Set<TwinBlock> {
    return this.accepted(new Set([...blocks].filter((u) => this.isSound(u))))
  }

  /** Reps of a post in what is accepted of the set: likes that count less dislikes that count, no window. */
  repsOfPost(post: TwinBlock, set: TwinSet): number {
    const ledger = this.ledger(this.accepted(set))
    return ledger.votesOn(post, 1) - ledger.votesOn(post, -1)
  }

  /** Rule 3.b. */
  hidden(post: TwinBlock, set: TwinSet): boolean {
    const accepted = this.accepted(set)
    if (takesBack(post, accepted)) return true
    if (this.isUnlimited(post.author)) return false
    const ledger = this.ledger(accepted)
    const dislikes = ledger.votesOn(post, -1, (by) => by !== post.author)
    return dislikes >= 5 && dislikes >= 2 * ledger.votesOn(post, 1)
  }

  /** Rule 3.b: its author took it back. */
  isTakenBack(post: TwinBlock, set: TwinSet): boolean {
    return takesBack(post, this.accepted(set))
  }
}

/** §4, *Ledger of V*: which votes count and which posts are minting, in one set that holds the past of each block. */
export class LedgerTwin {
  readonly #blocks: readonly TwinBlock[]
  readonly #isUnlimited: (author: string | undefined) => boolean
  readonly #base: (author: string) => number
  readonly #counts = new Set<TwinBlock>()
  readonly #minting = new Set<TwinBlock>()

  constructor(set: TwinSet, isUnlimited: (author: string | undefined) => boolean, base: (author: string) => number) {
    this.#blocks = inOrder(set)
    this.#isUnlimited = isUnlimited
    this.#base = base
    const before: TwinBlock[] = []
    for (const u of this.#blocks) {
      const { author, like, time } = u
      if (author !== undefined) {
        if (like !== undefined && (isUnlimited(author) || this.#balance(author, before, time) >= 1)) this.#counts.add(u)
        if (like === undefined && (isUnlimited(author) || this.#hasStanding(author, before, time))) this.#minting.add(u)
      }
      before.push(u)
    }
  }

  /** Of a vote. */
  counts(u: TwinBlock): boolean {
    return this.#counts.has(u)
  }

  /** Of a post. */
  isMinting(u: TwinBlock): boolean {
    return this.#minting.has(u)
  }

  reps(author: string, t: number): number {
    return this.#isUnlimited(author) ? Number.POSITIVE_INFINITY : this.#balance(author, this.#blocks, t)
  }

  /** Votes on a post that count, by those authors. */
  votesOn(post: TwinBlock, n: 1 | -1, isBy: (author: string | undefined) => boolean = () => true): number {
    const votes = this.#blocks.filter((u) => u.like?.n === n && u.like.target === post && isBy(u.author))
    return votes.filter((u) => this.#counts.has(u)).length
  }

  /** The author's days that are minted by then, as the moments at which each is worth 1. */
  #minted(author: string, part: readonly TwinBlock[], t: number): number[] {
    const isLookedAt = (u: TwinBlock): boolean => u.time <= t && t - u.time <= 90 * DAY
    const earliest = new Map<number, number>()
    for (const u of part) {
      // A minting post, or such a like of a post.
      const post = u.like === undefined ? u : u.like.target
      if (post.author !== author || !isLookedAt(post) || !isLookedAt(u)) continue
      const isSource = u.like === undefined ? this.#minting.has(u) : u.like.n === 1 && this.#counts.has(u)
      const day = Math.floor(post.time / DAY)
      if (isSource) earliest.set(day, Math.min(earliest.get(day) ?? u.time, u.time))
    }
    return [...earliest.values()].map((time) => time + 24 * HOUR).filter((moment) => moment <= t)
  }

  #hasStanding(author: string, before: readonly TwinBlock[], t: number): boolean {
    if (this.#base(author) >= 1) return true
    const counting = before.filter((u) => t - u.time <= 90 * DAY)
    const isLiked = counting.some((u) => u.like?.n === 1 && u.like.target.author === author && this.#counts.has(u))
    return isLiked || this.#minted(author, before, t).length > 0
  }

  #balance(author: string, part: readonly TwinBlock[], t: number): number {
    const sums = new Map<number, number>()
    const change = (moment: number, by: number): void => {
      if (moment <= t) sums.set(moment, (sums.get(moment) ?? 0) + by)
    }
    for (const moment of this.#minted(author, part, t)) change(moment, 1)
    for (const u of part) {
      if (u.time > t || t - u.time > 90 * DAY) continue
      if (u.like === undefined) {
        if (u.author !== author) continue
        change(u.time, -1)
        change(u.time + 24 * HOUR, 1)
      } else if (this.#counts.has(u)) {
        if (u.author === author) change(u.time, -1)
        else if (u.like.target.author === author) change(u.time, u.like.n)
      }
    }
    let x = this.#base(author)
    for (const [, sum] of [...sums].sort(([a], [b]) => a - b)) x = Math.min(30, x + sum)
    return x
  }
}

/** Whether a dislike by the post's own author is accepted; whether it counts is not asked. */
function takesBack(post: TwinBlock, accepted: TwinSet): boolean {
  return [...accepted].some((u) => u.like?.n === -1 && u.like.target === post && u.author === post.author)
}

function memo<T>(known: WeakMap<TwinBlock, T>, u: TwinBlock, work: () => T): T {
  const before = known.get(u)
  if (before !== undefined) return before
  const made = work()
  known.set(u, made)
  return made
}
