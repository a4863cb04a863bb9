/** Schemas of `chain.profiles` (spec §10): what authors say of themselves. */
import * as z from 'zod'
import { chain, short } from './params.ts'
import { count } from './shapes.ts'

/** Authors in one call: more than a page of a log has. */
const MAX_PROFILED = 200

export const profilesParams = z.strictObject({ chain, of: z.array(short).max(MAX_PROFILED) })

export const profileSchema = z.object({
  pub: z.string(),
  id: z.string(),
  time: count,
  name: z.string().exactOptional(),
  about: z.string().exactOptional(),
  avatar: z.string().exactOptional(),
})
/** The latest profile of an author in a chain; `id` and `time` of the post that it stands in, `avatar` the id of another. */
export type Profile = z.output<typeof profileSchema>
