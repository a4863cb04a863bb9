/**
 * Makes a block on top of the accepted blocks and takes it in before anything else changes (spec §5 *Posting*). The
 * reputation floor chooses its backs.
 */
import { randomBytes } from 'node:crypto'
import { draftBlock, signDraft, type MadeBlock } from '../../dag/block.ts'
import type { ContentLabel } from '../../dag/content-label.ts'
import type { PrivateKey } from '../../dag/crypto.ts'
import { Bug, fail, ok, type Result } from '../../dag/result.ts'
import type { AuthorKey, BlockId } from '../../dag/ids.ts'
import type { BlockFault } from '../../protocol/faults.ts'
import type { ChainState } from '../../reputation/chain-state.ts'
import { explain, nextRepsMs } from '../../reputation/explain.ts'
import { clockTime } from '../base/clock-time.ts'
import type { Clock } from '../base/clock.ts'
import type { StorageRefusal } from './faults.ts'
import type { Incoming } from './intake/validate-block.ts'
import type { Replica } from './replica.ts'

/** What to post. */
export interface PostRequest {
  /** Not sealed yet: groups and `toOwner` seal it. */
  readonly payload: Uint8Array
  readonly pvt?: PrivateKey
  /** Seals the payload to the owner of an `@` chain. */
  readonly toOwner?: boolean
  /** Type and name of the payload. */
  readonly label?: ContentLabel
  /** Local index of the post that this one answers. */
  readonly re?: number
}

/** A like (n = 1) or dislike to make. */
export interface VoteRequest {
  readonly n: 1 | -1
  /** Local index of the post. */
  readonly target: number
  /** The reason, or empty. */
  readonly payload: Uint8Array
  readonly pvt: PrivateKey
}

/** A block that was made and is on disk. */
export interface Posted {
  readonly id: BlockId
  readonly height: number
  /** `held`: it has no payer yet, or its time, which is no earlier than its backs', is ahead of the clock. */
  readonly state: 'accepted' | 'held'
  /** In words, for its author. */
  readonly why?: string
}

const AHEAD = "set aside: the chain's newest time is ahead of this node's clock"
/** Spec §2: the author of the first post is told that they became the pioneer. */
const FOUNDER =
  'this is the first post of the forum: its author is now the pioneer, here and for all who join it from here'
/** Spec §5, *held*: how such a post gets out. */
const HELD_HERE =
  'it stays on this node, which tells nodes of people who could welcome it, until one of them likes it there or here'
/** Spec §4: why the second post of a first day is held too. */
const ONE_WELCOME = 'a post takes a rep for 24 h, and a welcome pays for one post'

/** What a block is made of, whoever signs it. */
export type BlockRequest = (Omit<PostRequest, 'pvt'> | Omit<VoteRequest, 'pvt'>) & { readonly author?: AuthorKey }

type Refused = BlockFault | StorageRefusal

/** A block that this node made, and what is known of its signature. */
export type Made = MadeBlock & Required<Pick<Incoming, 'made'>>

const SIGNED_HERE = { signature: 'holds' } as const

/** Resolves when the post is on disk: a power cut does not lose it. */
export function post(replica: Replica, request: PostRequest, clock: Clock): Promise<Result<Posted, Refused>> {
  return put(replica, request, clock)
}

/** As {@link post}; `REP_NO_REPS` if the author cannot pay for it, `REP_TAKEN_BACK` if it would only cost. */
export function vote(replica: Replica, request: VoteRequest, clock: Clock): Promise<Result<Posted, Refused>> {
  return put(replica, request, clock)
}

function put(
  replica: Replica,
  { pvt, ...request }: PostRequest | VoteRequest,
  clock: Clock,
): Promise<Result<Posted, Refused>> {
  const bytes = request.payload.byteLength
  if (pvt === undefined) {
    return takeInMade(replica, bytes, clock, () => {
      const draft = draftOn(replica, request, clock.nowMs())
      return draft.ok ? ok({ ...draft.value, made: SIGNED_HERE }) : draft
    })
  }
  return takeInMade(replica, bytes, clock, () => {
    const draft = draftOn(replica, { ...request, author: pvt.author }, clock.nowMs())
    return draft.ok ? ok({ ...signDraft(draft.value, pvt), made: SIGNED_HERE }) : draft
  })
}

/**
 * Takes in a block that `make` gives with the chain at rest. Resolves when it is on disk.
 *
 * @param bytes - of its payload, for the quotas
 */
export async function takeInMade<F>(
  replica: Replica,
  bytes: number,
  clock: Clock,
  make: () => Result<Made, F>,
): Promise<Result<Posted, F | Refused>> {
  const refusal = await replica.storage.refusalOf(bytes)
  if (refusal !== undefined) return fail(refusal)
  let pioneerBefore: AuthorKey | undefined
  const outcome = await replica.ingestMade(() => {
    pioneerBefore = replica.state.pioneer
    const made = make()
    // Who posts first founds the forum, and follows itself.
    const author = made.ok ? made.value.block.header.author : undefined
    if (replica.needsFounder && author !== undefined) replica.follow(author)
    return made
  })
  if (!outcome.ok) return outcome
  const { id, state } = outcome.value
  if (state === 'refused') return fail(outcome.value.fault)
  const { graph, state: chainState } = replica
  const index = graph.indexOf(id)
  if (index === undefined) throw new Bug('a block that is in is in the graph')
  const made = { id, height: graph.height(index) }
  if (state === 'accepted') {
    const isFounding = chainState.isPost(index) && replica.state.pioneer !== pioneerBefore
    return ok({ ...made, state, ...(isFounding ? { why: FOUNDER } : {}) })
  }
  const why = explain(chainState, index, { state: replica.stateOf(index), now: clock.nowMs() })
  if (state === 'ahead') return ok({ ...made, state: 'held', why: AHEAD })
  return ok({ ...made, state: 'held', why: `${why}${whenNext(chainState, index, clock.nowMs())}; ${HELD_HERE}` })
}

/** From when on the author can post by himself, if that is within a day. */
function whenNext(state: ChainState, index: number, nowMs: number): string {
  const author = state.authorOf(index)
  const nextMs = author === undefined ? undefined : nextRepsMs(state, author, nowMs)
  if (nextMs === undefined) return ''
  return `; ${ONE_WELCOME}: he has a rep again from about ${clockTime(nextMs, nowMs)} on`
}

/** Makes a block on top of what is accepted now, not signed. Call it with the chain at rest. */
export function draftOn(replica: Replica, request: BlockRequest, nowMs: number): Result<MadeBlock, BlockFault> {
  const { chain, graph, state } = replica
  const { author, payload } = request
  const { label, re, toOwner = false } = 'target' in request ? ({} as Partial<PostRequest>) : request
  const like = 'target' in request ? { n: request.n, target: request.target } : undefined
  const isByTarget = like !== undefined && author !== undefined && state.authorOf(like.target) === author
  if (isByTarget && like.n === -1 && state.isTakenBack(like.target)) return fail({ code: 'REP_TAKEN_BACK' })
  const block = {
    ...(author === undefined ? {} : { author }),
    ...(like === undefined ? {} : { vote: like }),
    // The head over the post that is answered is linked, like that over the target of a dislike: else it is not in the past.
    ...(re === undefined ? {} : { vote: { n: -1, target: re } as const }),
  }
  // The author's own heads are always linked: another concurrent block would get them avoided.
  const isAvoided = (head: number): boolean => state.authorOf(head) !== author && replica.isAvoided(head)
  const preferred = state.backsFor({ ...block, isAvoided })
  // With every head avoided only the genesis is left, and only a pioneer may post on it.
  const backs = preferred[0] === 0 ? state.backsFor({ ...block, isAvoided: () => false }) : preferred
  return draftBlock({
    chain,
    height: 1 + Math.max(...backs.map((back) => graph.height(back))),
    time: Math.max(nowMs, ...backs.map((back) => graph.time(back))),
    backs: backs.map((back) => graph.id(back)),
    payload,
    toOwner,
    random: () => randomBytes(32),
    ...(author === undefined ? {} : { author }),
    ...(label === undefined ? {} : { label }),
    ...(re === undefined ? {} : { re: graph.id(re) }),
    ...(like === undefined ? {} : { like: { n: like.n, target: graph.id(like.target) } }),
  })
}

/** Makes a post on a draft alone, which is not in the chain yet, not signed. */
export function draftOver(
  { chain }: Replica,
  {
    author,
    payload,
    label,
    toOwner = false,
  }: Pick<PostRequest, 'payload' | 'label' | 'toOwner'> & { readonly author?: AuthorKey },
  { id, header }: MadeBlock['block'],
  nowMs: number,
): Result<MadeBlock, BlockFault> {
  return draftBlock({
    chain,
    height: header.height + 1,
    time: Math.max(nowMs, header.time),
    backs: [id],
    payload,
    toOwner,
    random: () => randomBytes(32),
    ...(author === undefined ? {} : { author }),
    ...(label === undefined ? {} : { label }),
  })
}
