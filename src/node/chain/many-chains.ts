/** More chains than peers of other software remember topics of (spec §7): what that means for the chains beyond. */
import { USUAL_TOPICS } from '../../protocol/gossip-limits.ts'

/** In words for whoever joined the last of so many chains; `undefined` while there are not too many. */
export function manyChains(count: number): string | undefined {
  if (count <= USUAL_TOPICS) return undefined
  return (
    `${String(count)} chains are joined here: peers whose gossip has the usual budget hear posts of the first ` +
    `${String(USUAL_TOPICS)} at once, and of the others when heads are compared, after a minute or later`
  )
}
