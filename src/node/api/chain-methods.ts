/** The control port's `chain` methods (spec §10), but for those that post: a thin layer over one replica. It decides nothing. */
import { showChainId } from '../../dag/chain.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { consensus, inOrder, traverse } from '../../dag/order.ts'
import { resolvePrefix } from '../../dag/id-prefix.ts'
import { blockView, keptBlock, openPayload, shownInSlices, shownIdOf } from './block-view.ts'
import { pageOf, type PageChoice } from './block-page.ts'
import { listBlocks } from './chain-blocks.ts'
import { inLobby, shownInLobby, lobbyPayload, lobbyView } from './lobby-view.ts'
import type { Clock } from '../base/clock.ts'
import { mapInSlices } from '../base/slices.ts'
import { base64Answer } from '../control/base64-bytes.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers, ParamsOf } from '../control/schema.ts'
import { listenOne } from './subscriptions.ts'
import { choiceOf, findFounders } from './founder.ts'
import { listMissing } from './missing-list.ts'
import type { NodeParts } from './node-parts.ts'
import { orThrow } from './fault-reports.ts'
import { Profiles } from './profiles.ts'
import type { PostMethod } from './post-methods.ts'
import type { LobbyPost } from '../chain/lobby.ts'
import type { Replica } from '../chain/replica.ts'
import { statusOf } from './chain-status.ts'

type ChainMethod = Exclude<Extract<keyof Handlers, `chain.${string}`>, PostMethod>

export function chainHandlers(parts: NodeParts): Pick<Handlers, ChainMethod> {
  const { clock } = parts
  /** Goes with the replica when its chain is left. */
  const profiles = new WeakMap<Replica, Profiles>()
  const replicaOf = (text: string): Replica => orThrow(parts.chains.find(text)).replica
  return {
    'chain.genesis': ({ chain }) => Promise.resolve(showChainId(replicaOf(chain).chain)),
    'chain.heads': async ({ chain, state }) => {
      const replica = replicaOf(chain)
      const linked = state === 'blocked' ? [] : inOrder(replica.graph, replica.graph.heads())
      const isAsked = state === 'blocked' || state === 'all'
      const blocked = isAsked ? replica.blocked() : []
      const guests = isAsked ? shownInLobby(replica) : []
      return [...(await shownInSlices(replica, [...linked, ...blocked])), ...guests]
    },
    'chain.get': async ({ chain, id, part, decrypt }) => {
      const replica = replicaOf(chain)
      const guest = inLobby(replica, id)
      if (guest !== undefined)
        return part === 'block' ? lobbyView(replica, guest, clock) : base64Answer(lobbyPayload(guest))
      const index = keptBlock(replica, id)
      const block = await replica.block(index)
      if (part === 'block') return blockView(replica, index, block, clock)
      return base64Answer(await openPayload(replica, index, block, decrypt))
    },
    'chain.blocks': async ({ chain, last, ids, payloads, lens, page, ...filter }) => {
      const replica = replicaOf(chain)
      const bytes = payloads === undefined ? {} : { payloadBytes: payloads }
      const reached = lens === undefined ? {} : { reached: reachedBy(replica, lens, clock) }
      if (page !== undefined) {
        const { blocks: chosen, next } = await pageOf(replica, pageChoice(replica, page, filter))
        const blocks = await listBlocks(replica, { blocks: chosen, ...bytes, ...reached }, clock)
        return { blocks, ...(next === undefined ? {} : { before: shownIdOf(replica, next) }) }
      }
      const blockOf = (id: string): number | LobbyPost => inLobby(replica, id) ?? keptBlock(replica, id)
      const which = ids === undefined ? { last: last ?? 0 } : { blocks: await mapInSlices(ids, blockOf) }
      return listBlocks(replica, { ...which, ...bytes, ...reached }, clock)
    },
    'chain.reps': async ({ chain, of, lens }) => {
      const replica = replicaOf(chain)
      return of === undefined ? await repsOfAll(replica, clock, lens) : repsOf(replica, of, clock)
    },
    'chain.profiles': ({ chain, of }) => {
      const replica = replicaOf(chain)
      const found = profiles.get(replica) ?? new Profiles(replica)
      profiles.set(replica, found)
      return found.of(of.map((pub) => orThrow(parseAuthorKey(pub))))
    },
    'chain.remove': async ({ chain, id }) => {
      const replica = replicaOf(chain)
      const guest = inLobby(replica, id)
      if (guest !== undefined && replica.guests.dismiss(guest.block.id)) return true
      const index = keptBlock(replica, id)
      if (await replica.drop(index)) return true
      throw new ControlError(
        'not-held',
        `the block ${shownIdOf(replica, index)} is accepted: only held posts can be removed`,
      )
    },
    'chain.traverse': async ({ chain, from, all }) => {
      const replica = replicaOf(chain)
      const known = await mapInSlices(from, (id) =>
        orThrow(resolvePrefix(replica.graph, id, (index) => replica.isKept(index))),
      )
      const held = all === true ? inOrder(replica.graph, replica.blocked()) : []
      const guests = all === true ? shownInLobby(replica) : []
      return [...(await shownInSlices(replica, [...traverse(replica.graph, known), ...held])), ...guests]
    },
    'chain.consensus': ({ chain }) => {
      const replica = replicaOf(chain)
      return shownInSlices(replica, consensus(replica.graph))
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

async function repsOfAll(
  replica: Replica,
  clock: Clock,
  lens: readonly string[] | undefined,
): Promise<{ pub: string; reps: AuthorReps; trusted?: boolean }[]> {
  const { state: reputation } = replica
  const now = clock.nowMs()
  const reached = lens === undefined ? undefined : reachedBy(replica, lens, clock)
  const all = await mapInSlices(reputation.authors(), (pub) => ({ pub, reps: reputation.repsOf(pub, now) }))
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
