/** Methods on the chains that are joined here (spec §10). Part of `schema.ts`. */
import * as z from 'zod'
import { method } from './method.ts'
import { chain, ids, joinParams, none } from './params.ts'
import { listedChain, shownIds } from './shapes.ts'

/** `from` has a cursor for each chain. A client advances it by each event (`client/cursor.ts`). */
const subscriptionToAll = z.object({ subscription: z.number().int(), from: z.record(z.string(), shownIds) })

export const CHAINS_METHODS = {
  'chains.join': method(
    'joins a chain: a forum with its pioneers or the founder to follow, a group with its key, or by an invite, whose peers are added; ' +
      'with instead, leaves what has its name and is not it first, and removes that',
    joinParams,
    z.object({ id: z.string(), name: z.string().exactOptional(), notes: z.array(z.string()).exactOptional() }),
    '`notes` are for people: what was left out of an invite and why, that a name mixes scripts, and that so many chains have a cost',
  ),
  'chains.invite': method(
    'one text with all that somebody needs to join: the chain, and peers to begin with; its key only if told so',
    z.strictObject({ chain, withKey: z.boolean().exactOptional() }),
    z.object({ invite: z.string(), peers: z.array(z.string()), notes: z.array(z.string()) }),
  ),
  'chains.leave': method(
    'leaves a chain and removes its data, also what is left over of one that is not joined any more; false if there is nothing',
    z.strictObject({ name: chain }),
    z.boolean(),
  ),
  'chains.list': method(
    'the chains joined here; then those taken out of the config file whose blocks are still on disk',
    none,
    z.array(listedChain),
    '`leftOver`, of a chain that is not joined any more: its bytes on disk; its `name` is empty if nobody knows it; `warning`, if the name mixes scripts',
  ),
  'chains.listen': method(
    'events of all chains, those joined later too; with from, first what is new in each since then',
    z.strictObject({ from: z.record(chain, ids).exactOptional() }),
    subscriptionToAll,
    '`from` has ids by name of chain: `{}` for all there is',
  ),
} as const
