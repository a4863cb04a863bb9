/** What `chain.status` says of newcomers (spec §10): which posts of others wait to be welcomed here, and who heard of ours. */
import { showId } from '../../dag/ids.ts'
import type { Replica } from '../chain/replica.ts'
import type { ResultOf } from '../control/schema.ts'
import { shownIdOf } from './block-view.ts'

export function newcomersOf(replica: Replica): Pick<ResultOf<'chain.status'>, 'isWelcoming' | 'guests' | 'heldHere'> {
  const { graph, guests, state } = replica
  const kept = replica.guestsHere().map((index) => {
    const author = state.authorOf(index)
    return { id: shownIdOf(replica, index), ...(author === undefined ? {} : { author }), heldBy: [] }
  })
  const waiting = guests.inLobby().map(({ block: { id, header }, peer }) => ({
    id: showId(header.height, id),
    ...(header.author === undefined ? {} : { author: header.author }),
    heldBy: [peer],
  }))
  return {
    isWelcoming: guests.areCollected,
    guests: [...kept, ...waiting],
    heldHere: replica.heldHere().map((index) => ({
      id: shownIdOf(replica, index),
      heard: guests.heardOf(graph.id(index)),
    })),
  }
}
