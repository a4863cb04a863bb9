/**
 * The control port's methods that post (spec §10): signed here with a key that came with the call, or drafted here and signed by
 * the client. Both make the same request and take the same way in.
 */
import { labelOf } from '../../dag/content-label.ts'
import { parsePrivateKey } from '../../dag/crypto.ts'
import { blockIdOfHex, parseAuthorKey, showId, type AuthorKey } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { Drafts } from '../chain/drafts.ts'
import { post, vote, type BlockRequest, type Posted } from '../chain/posting.ts'
import type { Joined } from '../chain/registry.ts'
import type { Replica } from '../chain/replica.ts'
import { ControlError } from '../control/error-codes.ts'
import { DRAFT_LIMITS } from '../control/port-limits.ts'
import type { Handlers, ParamsOf, ResultOf } from '../control/schema.ts'
import type { ChainServices } from '../net/chain-network.ts'
import { keptBlock, shownIdOf } from './block-view.ts'
import { controlErrorOf, orThrow } from './fault-reports.ts'
import { checkFounding, rivalsOf } from './founder.ts'
import { admitFromLobby } from './lobby-view.ts'
import type { NodeParts } from './node-parts.ts'

export type PostMethod = 'chain.post' | 'chain.like' | 'chain.dislike' | 'chain.draft' | 'chain.submit'

export function postHandlers(parts: NodeParts): Pick<Handlers, PostMethod> {
  const { clock, keyReuse, chains } = parts
  const drafts = new Drafts(DRAFT_LIMITS)
  const joinedAs = (chain: string): Joined<ChainServices> => orThrow(chains.find(chain))
  const voteOn = async (n: 1 | -1, { chain, id, why, sign }: ParamsOf<'chain.like'>): Promise<{ id: string }> => {
    const { replica } = joinedAs(chain)
    const request = voteRequest(replica, n, id, why)
    const pvt = orThrow(parsePrivateKey(sign))
    keyReuse.sign(pvt.author)
    const voted = orThrow(await vote(replica, { ...request, pvt }, clock))
    return { id: showId(voted.height, voted.id) }
  }
  return {
    'chain.post': async ({ chain, sign, ...content }, { signal }) => {
      const joined = joinedAs(chain)
      const pvt = sign === undefined ? undefined : orThrow(parsePrivateKey(sign))
      if (pvt !== undefined) keyReuse.sign(pvt.author)
      await findFirstPost(joined, pvt?.author, signal)
      const request = { ...postRequest(joined.replica, content), ...(pvt === undefined ? {} : { pvt }) }
      return answerOf(joined, orThrow(await post(joined.replica, request, clock)))
    },
    'chain.like': async (params) => {
      await admitFromLobby(joinedAs(params.chain).replica, params.id)
      return voteOn(1, params)
    },
    'chain.dislike': (params) => voteOn(-1, params),
    'chain.draft': async ({ chain, author: text, ...params }, { signal }) => {
      const joined = joinedAs(chain)
      const author = orThrow(parseAuthorKey(text))
      keyReuse.sign(author)
      if (params.like === undefined && params.dislike === undefined) await findFirstPost(joined, author, signal)
      if (params.like !== undefined) await admitFromLobby(joined.replica, params.like)
      const request = { ...requestOf(joined.replica, params), author }
      const { block } = orThrow(await drafts.make(joined.replica, request, clock, signal))
      return {
        draft: showId(block.header.height, block.id),
        header: Buffer.from(block.headerBytes).toString('base64'),
      }
    },
    'chain.submit': async ({ draft, signature }) => {
      const id = blockIdOfHex(draft.slice(draft.indexOf('_') + 1).toUpperCase())
      const found = drafts.find(id)
      const joined = chains.all().find(({ replica }) => replica === found?.replica)
      if (found === undefined || joined === undefined) throw controlErrorOf({ code: 'DRAFT_STALE' })
      // Whom peers follow may have become known since the draft.
      if (isEmptyForum(joined.replica)) checkFounding(joined, found.author)
      return answerOf(joined, orThrow(await drafts.submit(id, Buffer.from(signature, 'base64'), clock)))
    },
  }
}

type PostParams = Pick<ParamsOf<'chain.post'>, 'payload' | 'text' | 'encrypt' | 'type' | 'name' | 're'>

function requestOf(
  replica: Replica,
  { like, dislike, why, ...content }: Omit<ParamsOf<'chain.draft'>, 'chain' | 'author'>,
): BlockRequest {
  if (like !== undefined) return voteRequest(replica, 1, like, why)
  return dislike === undefined ? postRequest(replica, content) : voteRequest(replica, -1, dislike, why)
}

function postRequest(replica: Replica, { payload, text, encrypt, re, ...label }: PostParams) {
  const bytes = payload === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(payload, 'base64')
  const answered = re === undefined ? {} : { re: keptBlock(replica, re) }
  return { payload: bytes, toOwner: encrypt ?? false, label: labelOf(label), ...answered }
}

function voteRequest(replica: Replica, n: 1 | -1, id: string, why: string | undefined) {
  const target = keptBlock(replica, id)
  if (n === -1 && !replica.graph.isAccepted(target)) {
    const shown = shownIdOf(replica, target)
    throw new ControlError(
      'bad-block',
      `${shown} is held: only accepted posts can be disliked, held ones are left alone`,
    )
  }
  return { n, target, payload: Buffer.from(why ?? '', 'utf8') }
}

function answerOf(joined: Joined<ChainServices>, posted: Posted): ResultOf<'chain.post'> {
  const { id, height, state, why } = posted
  const notes = [why, rivalsOf(joined)].filter((note) => note !== undefined && note !== '')
  return { id: showId(height, id), state, ...(notes.length === 0 ? {} : { why: notes.join('; ') }) }
}

/** Before the first post in a forum without pioneers, asks the peers that can be found for one (spec §2). */
async function findFirstPost(
  joined: Joined<ChainServices>,
  author: AuthorKey | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (!isEmptyForum(joined.replica)) return
  await joined.attached.sync.askEverybody(signal)
  checkFounding(joined, author)
}

function isEmptyForum({ chain, graph }: Replica): boolean {
  return hasFirstPostPioneer(chain) && graph.acceptedCount === 0
}
