/** The control port's `chain` methods (spec §10): a thin layer over one replica. It decides nothing. */
import { showChainId } from '../../dag/chain.ts'
import { labelOf } from '../../dag/content-label.ts'
import { parsePrivateKey, type PrivateKey } from '../../dag/crypto.ts'
import { parseAuthorKey, showId, type AuthorKey } from '../../dag/ids.ts'
import { consensus, inOrder, traverse } from '../../dag/order.ts'
import { resolvePrefix } from '../../dag/id-prefix.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { openPayload, shownIdsOf, shownIdOf, blockView } from './block-view.ts'
import { pageOf, type PageChoice } from './block-page.ts'
import { listBlocks } from './chain-blocks.ts'
import type { Joined } from '../chain/registry.ts'
import type { Clock } from '../base/clock.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers, ParamsOf } from '../control/schema.ts'
import { listenOne } from './subscriptions.ts'
import { checkFounding, choiceOf, findFounders, rivalsOf } from './founder.ts'
import { listMissing } from './missing-list.ts'
import type { NodeParts } from './node-parts.ts'
import type { ChainServices } from '../net/chain-network.ts'
import { orThrow } from './fault-reports.ts'
import { Profiles } from './profiles.ts'
import { post, vote } from '../chain/posting.ts'
import type { Replica } from '../chain/replica.ts'
import { statusOf } from './chain-status.ts'

type ChainMethod = Extract<keyof Handlers, `chain.${string}`>

export function chainHandlers(parts: NodeParts): Pick<Handlers, ChainMethod> {
  const { clock, keyReuse } = parts
  /** Goes with the replica when its chain is left. */
  const profiles = new WeakMap<Replica, Profiles>()
  const replicaOf = (text: string): Replica => orThrow(parts.chains.find(text)).replica
  return {
    'chain.genesis': ({ chain }) => Promise.resolve(showChainId(replicaOf(chain).chain)),
    'chain.heads': ({ chain, state }) => {
      const replica = replicaOf(chain)
      const linked = state === 'blocked' ? [] : inOrder(replica.graph, replica.graph.heads())
      const blocked = state === 'blocked' || state === 'all' ? replica.blocked() : []
      return Promise.resolve(shownIdsOf(replica, [...linked, ...blocked]))
    },
    'chain.get': async ({ chain, id, part, decrypt }) => {
      const replica = replicaOf(chain)
      const index = keptBlock(replica, id)
      const block = await replica.block(index)
      if (part === 'block') return blockView(replica, index, block, clock)
      return (await openPayload(replica, index, block, decrypt)).toString('base64')
    },
    'chain.blocks': async ({ chain, last, ids, payloads, lens, page, ...filter }) => {
      const replica = replicaOf(chain)
      const bytes = payloads === undefined ? {} : { payloadBytes: payloads }
      const reached = lens === undefined ? {} : { reached: reachedBy(replica, lens, clock) }
      if (page !== undefined) {
        const { indexes, next } = await pageOf(replica, pageChoice(replica, page, filter))
        const blocks = await listBlocks(replica, { indexes, ...bytes, ...reached }, clock)
        return { blocks, ...(next === undefined ? {} : { before: shownIdOf(replica, next) }) }
      }
      const which = ids === undefined ? { last: last ?? 0 } : { indexes: ids.map((id) => keptBlock(replica, id)) }
      return listBlocks(replica, { ...which, ...bytes, ...reached }, clock)
    },
    'chain.post': async ({ chain, payload, text, sign, encrypt, re, ...label }, { signal }) => {
      const joined = orThrow(parts.chains.find(chain))
      const pvt: { pvt?: PrivateKey } = sign === undefined ? {} : { pvt: keyReuse.sign(orThrow(parsePrivateKey(sign))) }
      const bytes = payload === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(payload, 'base64')
      await findFirstPost(joined, pvt.pvt?.author, signal)
      const answered = re === undefined ? {} : { re: keptBlock(joined.replica, re) }
      const request = { payload: bytes, toOwner: encrypt ?? false, label: labelOf(label), ...answered, ...pvt }
      const posted = orThrow(await post(joined.replica, request, clock))
      const { id, height, state, why } = posted
      const notes = [why, rivalsOf(joined)].filter((note) => note !== undefined && note !== '')
      return { id: showId(height, id), state, ...(notes.length === 0 ? {} : { why: notes.join('; ') }) }
    },
    'chain.like': (params) => voteOn(replicaOf(params.chain), 1, params, parts),
    'chain.dislike': (params) => voteOn(replicaOf(params.chain), -1, params, parts),
    'chain.reps': ({ chain, of, lens }) => {
      const replica = replicaOf(chain)
      return Promise.resolve(of === undefined ? repsOfAll(replica, clock, lens) : repsOf(replica, of, clock))
    },
    'chain.profiles': ({ chain, of }) => {
      const replica = replicaOf(chain)
      const found = profiles.get(replica) ?? new Profiles(replica)
      profiles.set(replica, found)
      return found.of(of.map((pub) => orThrow(parseAuthorKey(pub))))
    },
    'chain.remove': async ({ chain, id }) => {
      const replica = replicaOf(chain)
      const index = keptBlock(replica, id)
      if (await replica.drop(index)) return true
      throw new ControlError(
        'not-held',
        `the block ${shownIdOf(replica, index)} is accepted: only held posts can be removed`,
      )
    },
    'chain.traverse': ({ chain, from, all }) => {
      const replica = replicaOf(chain)
      const known = from.map((id) => orThrow(resolvePrefix(replica.graph, id, (index) => replica.isKept(index))))
      const held = all === true ? inOrder(replica.graph, replica.blocked()) : []
      return Promise.resolve(shownIdsOf(replica, [...traverse(replica.graph, known), ...held]))
    },
    'chain.consensus': ({ chain }) => {
      const replica = replicaOf(chain)
      return Promise.resolve(shownIdsOf(replica, consensus(replica.graph)))
    },
    'chain.status': ({ chain }) => Promise.resolve(statusOf(orThrow(parts.chains.find(chain)), parts)),
    'chain.founder': async ({ chain, pub, find = false }, { signal }) => {
      const joined = orThrow(parts.chains.find(chain))
      if (find) await findFounders(joined, parts, signal)
      if (pub !== undefined) orThrow(await parts.chains.follow(joined, orThrow(parseAuthorKey(pub))))
      return choiceOf(joined)
    },
    'chain.missing': ({ chain }) => {
      const { replica, attached } = orThrow(parts.chains.find(chain))
      const peers = attached.peers().length
      return listMissing(replica, { peers, nowMs: clock.nowMs() })
    },
    'chain.listen': ({ chain, from }, { signal }) =>
      listenOne({ replica: replicaOf(chain), chains: parts.chains }, from, signal),
  }
}

/** The local index of an accepted or held block that is here; never the genesis. */
function keptBlock(replica: Replica, id: string): number {
  const index = orThrow(resolvePrefix(replica.graph, id, (found) => replica.isKept(found)))
  if (index > 0) return index
  throw new ControlError(
    'block-not-found',
    "the genesis is derived from the chain's name and keys: it has no block to get",
  )
}

function pageChoice(
  replica: Replica,
  atMost: number,
  {
    before,
    author,
    re,
    ...rest
  }: Pick<ParamsOf<'chain.blocks'>, 'before' | 'since' | 'until' | 'author' | 're' | 'type'>,
): PageChoice {
  return {
    ...rest,
    atMost,
    // A block that was accepted when the page was made may be so no more, and still has its place.
    ...(before === undefined ? {} : { before: orThrow(resolvePrefix(replica.graph, before)) }),
    ...(author === undefined ? {} : { author: orThrow(parseAuthorKey(author)) }),
    ...(re === undefined ? {} : { re: replica.graph.id(keptBlock(replica, re)) }),
  }
}

async function voteOn(
  replica: Replica,
  n: 1 | -1,
  { id, sign, why }: ParamsOf<'chain.like'>,
  { clock, keyReuse }: NodeParts,
): Promise<{ id: string }> {
  const target = keptBlock(replica, id)
  if (n === -1 && !replica.graph.isAccepted(target)) {
    const shown = shownIdOf(replica, target)
    throw new ControlError(
      'bad-block',
      `${shown} is held: only accepted posts can be disliked, held ones are left alone`,
    )
  }
  const pvt = keyReuse.sign(orThrow(parsePrivateKey(sign)))
  const payload = Buffer.from(why ?? '', 'utf8')
  const voted = orThrow(await vote(replica, { n, target, pvt, payload }, clock))
  return { id: showId(voted.height, voted.id) }
}

/** A full key that is no id here can only mean an author. */
function repsOf(replica: Replica, of: string, clock: Clock): AuthorReps {
  const { graph, state: reputation } = replica
  const found = resolvePrefix(graph, of, (index) => replica.isKept(index))
  const author = parseAuthorKey(of)
  if (!found.ok && author.ok) return shownReps(reputation.repsOf(author.value, clock.nowMs()))
  const index = orThrow(found)
  if (index > 0 && reputation.isPost(index)) return reputation.repsOfPost(index)
  throw new ControlError('no-reps', `${shownIdOf(replica, index)} is no post: posts and authors have reps`)
}

function repsOfAll(
  replica: Replica,
  clock: Clock,
  lens: readonly string[] | undefined,
): { pub: string; reps: AuthorReps; trusted?: boolean }[] {
  const { state: reputation } = replica
  const now = clock.nowMs()
  const reached = lens === undefined ? undefined : reachedBy(replica, lens, clock)
  const all = reputation.authors().map((pub) => ({ pub, reps: reputation.repsOf(pub, now) }))
  // Two without limit differ by their keys alone.
  const sorted = all.sort((a, b) => b.reps - a.reps || (a.pub < b.pub ? -1 : 1))
  return sorted.map(({ pub, reps }) => ({
    pub,
    reps: shownReps(reps),
    ...(reached === undefined ? {} : { trusted: reached.has(pub) }),
  }))
}

/** Whom the lens reaches, from the pioneers and these public keys. */
function reachedBy({ state }: Replica, keys: readonly string[], clock: Clock): ReadonlySet<AuthorKey> {
  return state.lens(
    clock.nowMs(),
    keys.map((key) => orThrow(parseAuthorKey(key))),
  )
}

type AuthorReps = number | 'unlimited'

function shownReps(reps: number): AuthorReps {
  return reps === Number.POSITIVE_INFINITY ? 'unlimited' : reps
}

/** Before the first post in a forum without pioneers, asks the peers that can be found for one (spec §2). */
async function findFirstPost(
  joined: Joined<ChainServices>,
  author: AuthorKey | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { replica, attached } = joined
  const { chain, graph } = replica
  if (!hasFirstPostPioneer(chain) || graph.acceptedCount > 0) return
  await attached.sync.askEverybody(signal)
  checkFounding(joined, author)
}
