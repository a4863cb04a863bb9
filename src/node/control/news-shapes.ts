/** Schemas of `chains.news` (spec §10): what came since a reader looked last. */
import * as z from 'zod'
import { chain, ids, short } from './params.ts'
import { count, shownIds } from './shapes.ts'

/** Posts of one chain in an answer, the last ones; more are counted. */
const MAX_NEWS = 1_000

/** Authors that a reader leaves out. */
const MAX_WITHOUT = 10_000

export const newsParams = z.strictObject({
  from: z.record(chain, ids).exactOptional(),
  without: z.array(short).max(MAX_WITHOUT).exactOptional(),
  last: z.number().int().min(0).max(MAX_NEWS).exactOptional(),
})

export const newsSchema = z.object({
  name: z.string(),
  heads: shownIds,
  posts: count,
  ids: shownIds,
  first: z.literal(true).exactOptional(),
})
/** The news of a chain: how many posts, the ids of the last ones, and the cursor for the next look. */
export type News = z.output<typeof newsSchema>
