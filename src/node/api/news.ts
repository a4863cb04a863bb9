/**
 * What came into each chain since a reader looked last (spec §10): accepted posts that are not under the reader's cursor, made
 * neither here nor by those he leaves out. Whose posts they are is for him to say, so he gives the cursors: the node keeps none.
 */
import { inOrder, lastInOrder, traverse } from '../../dag/order.ts'
import { resolvePrefix } from '../../dag/id-prefix.ts'
import type { ParamsOf } from '../control/schema.ts'
import type { News } from '../control/news-shapes.ts'
import type { Replica } from '../chain/replica.ts'
import { shownIdsOf } from './block-view.ts'

/** Blocks looked at in a chain that the reader has not seen before: he is shown its end, not all of it. */
const FIRST_LOOK = 200

const SHOWN = 50

export function newsOf(replica: Replica, { from = {}, without = [], last = SHOWN }: ParamsOf<'chains.news'>): News {
  const { graph, state, chain } = replica
  const cursor = knownOf(replica, from[chain.params.name])
  const blocks = cursor === undefined ? lastInOrder(graph, FIRST_LOOK) : traverse(graph, cursor)
  const left = new Set(without.map((pub) => pub.toUpperCase()))
  const posts = blocks.filter(
    (index) =>
      state.isPost(index) && !replica.isOurs(index) && !left.has(state.authorOf(index) ?? '') && !state.isHidden(index),
  )
  return {
    name: chain.params.name,
    heads: shownIdsOf(replica, inOrder(graph, graph.heads())),
    posts: posts.length,
    ids: last === 0 ? [] : shownIdsOf(replica, posts.slice(-last)),
    ...(cursor === undefined ? { first: true as const } : {}),
  }
}

/** `undefined` if there is no cursor, or the chain was left and joined again since. */
function knownOf({ graph }: Replica, ids: readonly string[] | undefined): number[] | undefined {
  const found = ids?.map((id) => resolvePrefix(graph, id))
  if (found === undefined || found.some((one) => !one.ok)) return undefined
  return found.flatMap((one) => (one.ok ? [one.value] : []))
}
