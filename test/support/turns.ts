/** What decides whose turn it is to be pulled from, where a test has peers that are all strangers of one address or of none. */
import type { Standing } from '../../src/node/net/sync/pull-rank.ts'
import { ExtraSlots } from '../../src/node/net/sync/pull-scheduler.ts'
import { StrangerPlaces } from '../../src/node/net/sync/stranger-places.ts'

export interface Turns {
  readonly extraSlots: ExtraSlots
  readonly strangerPlaces: StrangerPlaces
  readonly standing: (peer: string) => Standing
}

export function turns(standing: (peer: string) => Standing = () => ({ isStatic: false, shares: [] })): Turns {
  return { extraSlots: new ExtraSlots(), strangerPlaces: new StrangerPlaces(), standing }
}
