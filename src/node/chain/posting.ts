/**
 * Makes a block on top of the accepted blocks and takes it in before anything else changes (spec §5 *Posting*). The
 * reputation floor chooses its backs.
 */
import { randomBytes } from 'node:crypto'
import { makeBlock, type MadeBlock } from '../../dag/block.ts'
import type { ContentLabel } from '../../dag/content-label.ts'
import type { PrivateKey } from '../../dag/crypto.ts'
import { Bug, fail, ok, type Result } from '../../dag/result.ts'
import type { BlockId } from '../../dag/ids.ts'
import type { BlockFault } from '../../protocol/faults.ts'
import { explain } from '../../reputation/explain.ts'
import type { Clock } from '../base/clock.ts'
import type { StorageRefusal } from './faults.ts'
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
/** Spec §5, *held*: how such a post leaves this node. */
const HELD_HERE = 'it stays on this node until somebody with reps likes it here, or fetches it with `peer held`'

type MakeRequest = PostRequest | VoteRequest

/** Resolves when the post is on disk: a power cut does not lose it. */
export async function post(
  replica: Replica,
  request: PostRequest,
  clock: Clock,
): Promise<Result<Posted, BlockFault | StorageRefusal>> {
  const before = replica.pioneer
  const posted = await put(replica, request, clock)
  // Posts that were stored together saw the same beginning.
  const isFounder = replica.pioneer !== before && posted.ok && posted.value.height === 1
  return posted.ok && posted.value.state === 'accepted' && isFounder ? ok({ ...posted.value, why: FOUNDER }) : posted
}

/** As {@link post}; `REP_NO_REPS` if the author cannot pay for it. */
export function vote(
  replica: Replica,
  request: VoteRequest,
  clock: Clock,
): Promise<Result<Posted, BlockFault | StorageRefusal>> {
  return put(replica, request, clock)
}

async function put(
  replica: Replica,
  request: MakeRequest,
  clock: Clock,
): Promise<Result<Posted, BlockFault | StorageRefusal>> {
  const refusal = await replica.storage.refusalOf(request.payload.byteLength)
  if (refusal !== undefined) return fail(refusal)
  const outcome = await replica.ingestMade(() => {
    const made = make(replica, request, clock.nowMs())
    // Who posts first founds the forum, and follows itself.
    if (made.ok && replica.needsFounder && request.pvt !== undefined) replica.follow(request.pvt.author)
    return made
  })
  if (!outcome.ok) return outcome
  const { id, state } = outcome.value
  if (state === 'refused') return fail(outcome.value.fault)
  const { graph, state: chainState } = replica
  const index = graph.indexOf(id)
  if (index === undefined) throw new Bug('a block that is in is in the graph')
  const made = { id, height: graph.height(index) }
  if (state === 'accepted') return ok({ ...made, state })
  const why = explain(chainState, index, { state: replica.stateOf(index), now: clock.nowMs() })
  return ok({ ...made, state: 'held', why: state === 'ahead' ? AHEAD : `${why}; ${HELD_HERE}` })
}

function make(replica: Replica, request: MakeRequest, nowMs: number): Result<MadeBlock, BlockFault> {
  const { chain, graph, state } = replica
  const { pvt, payload } = request
  const { label, re, toOwner = false } = 'target' in request ? ({} as Partial<PostRequest>) : request
  const like = 'target' in request ? { n: request.n, target: request.target } : undefined
  const block = {
    ...(pvt === undefined ? {} : { author: pvt.author }),
    ...(like === undefined ? {} : { vote: like }),
    // The head over the post that is answered is linked, like that over the target of a dislike: else it is not in the past.
    ...(re === undefined ? {} : { vote: { n: -1, target: re } as const }),
  }
  // The author's own heads are always linked: another concurrent block would get them avoided.
  const isAvoided = (head: number): boolean => state.authorOf(head) !== pvt?.author && replica.isAvoided(head)
  const preferred = state.backsFor({ ...block, isAvoided })
  // With every head avoided only the genesis is left, and only a pioneer may post on it.
  const backs = preferred[0] === 0 ? state.backsFor({ ...block, isAvoided: () => false }) : preferred
  return makeBlock({
    chain,
    height: 1 + Math.max(...backs.map((back) => graph.height(back))),
    time: Math.max(nowMs, ...backs.map((back) => graph.time(back))),
    backs: backs.map((back) => graph.id(back)),
    payload,
    toOwner,
    random: randomBytes(32),
    ...(pvt === undefined ? {} : { pvt }),
    ...(label === undefined ? {} : { label }),
    ...(re === undefined ? {} : { re: graph.id(re) }),
    ...(like === undefined ? {} : { like: { n: like.n, target: graph.id(like.target) } }),
  })
}
