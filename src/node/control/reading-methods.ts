/** Methods for readers (spec §10): what came since they looked, and what authors say of themselves. Part of `schema.ts`. */
import * as z from 'zod'
import { method } from './method.ts'
import { newsParams, newsSchema } from './news-shapes.ts'
import { profileSchema, profilesParams } from './profile-shapes.ts'

export const READING_METHODS = {
  'chains.news': method(
    'how many posts came into each chain since a cursor, and which are the last ones; none made here, or by authors left out',
    newsParams,
    z.array(newsSchema),
    '`from` has cursors by name of chain, as for `chains.listen`, and `heads` is the next one; `first`, of a chain without a cursor that is known: ' +
      'it gives what is new among its last 200 blocks; `last` ids of each chain, 50 unless told',
  ),
  'chain.profiles': method(
    'what these authors say of themselves in the chain: the latest profile of each that has one',
    profilesParams,
    z.array(profileSchema),
    'a call looks through a part of a long chain, the newest first, and the next one goes on: an old profile is found late',
  ),
} as const
