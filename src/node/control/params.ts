/** Schemas of params that several methods share, or that have rules of their own (spec §10), for `schema.ts`. */
import * as z from 'zod'
import { isBase64 } from './base64-bytes.ts'
import { MAX_INVITE_CHARS } from './port-limits.ts'
import { count } from './shapes.ts'

/** Ids in one call. */
const MAX_IDS = 10_000
const SHORT = 1024

/** Blocks in one answer: with 16 backs each, some 15 MB. */
const MAX_BLOCKS = 10_000

/** The longest payload in a list of blocks: that of any post in a forum. */
const MAX_LISTED_PAYLOAD = 128 * 1024

export const short = z.string().max(SHORT)
/** A chain's name, or its id as shown (`0_…`). */
export const chain = short.min(1)
/** A block's id, or a unique prefix of at least six hex digits. */
export const id = short.min(1)
export const ids = z.array(id).max(MAX_IDS)
export const addr = short.min(1)
export const none = z.strictObject({})

/** Roots of the lens that the reader adds. */
const MAX_LENS_ROOTS = 1000
/** The lens (spec §4): public keys that trust flows from besides the pioneers'; `[]` for those alone. */
const lens = z.array(short).max(MAX_LENS_ROOTS)

export const base64 = z
  .string()
  .refine(isBase64, { error: 'expected standard base64 with padding' })
  .meta({ contentEncoding: 'base64' })

/**
 * Text is encoded in UTF-8 and signed. A lone surrogate has no UTF-8 encoding and would be replaced by another
 * character.
 */
const WELL_FORMED = {
  error: 'this text is no valid Unicode: it has half of a surrogate pair (\\ud800 to \\udfff)',
}
export const unicode = z.string().refine((text) => text.isWellFormed(), WELL_FORMED)

/** Encoded in UTF-8 too: all lone surrogates would give the same keys. */
export const passphrase = z
  .string()
  .min(1)
  .max(64 * SHORT)
  .refine((text) => text.isWellFormed(), WELL_FORMED)

export const postParams = z
  .strictObject({
    chain,
    payload: base64.exactOptional(),
    text: unicode.exactOptional(),
    sign: short.exactOptional(),
    encrypt: z.boolean().exactOptional(),
    type: short.exactOptional(),
    name: short.exactOptional(),
    re: id.exactOptional(),
  })
  .refine((params) => (params.payload === undefined) !== (params.text === undefined), {
    error: 'expected exactly one of payload (base64) and text',
  })
  .meta({ oneOf: [{ required: ['payload'] }, { required: ['text'] }] })

/** Blocks in one page: with payloads, some megabytes. A longer list takes several. */
const MAX_PAGE = 1_000

const blocksChoice = {
  last: z.number().int().min(1).max(MAX_BLOCKS).exactOptional(),
  ids: z.array(id).max(MAX_BLOCKS).exactOptional(),
  page: z.number().int().min(1).max(MAX_PAGE).exactOptional(),
}

/** What a page leaves out; `type` may end with a star: `image/*`. */
const blocksFilter = {
  before: id.exactOptional(),
  since: count.exactOptional(),
  until: count.exactOptional(),
  author: short.exactOptional(),
  re: id.exactOptional(),
  type: short.exactOptional(),
}

export const blocksParams = z
  .strictObject({
    chain,
    ...blocksChoice,
    ...blocksFilter,
    payloads: count.max(MAX_LISTED_PAYLOAD).exactOptional(),
    lens: lens.exactOptional(),
  })
  .refine((params) => namesOf(blocksChoice, params).length === 1, {
    error: 'expected exactly one of last (how many), page (how many at most) and ids',
  })
  .refine((params) => params.page !== undefined || namesOf(blocksFilter, params).length === 0, {
    error: `${Object.keys(blocksFilter).join(', ')} are for page`,
  })
  .meta({ oneOf: [{ required: ['last'] }, { required: ['ids'] }, { required: ['page'] }] })

/** Those of these params that are given. */
function namesOf(of: object, params: object): string[] {
  return Object.keys(of).filter((name) => Object.hasOwn(params, name))
}

export const repsParams = z
  .strictObject({ chain, of: id.exactOptional(), lens: lens.exactOptional() })
  .refine((params) => params.of === undefined || params.lens === undefined, {
    error: 'expected at most one of of (an author or a post) and lens (of all authors)',
  })
  .meta({ not: { required: ['of', 'lens'] } })

export const joinParams = z
  .strictObject({
    name: chain.exactOptional(),
    invite: z.string().max(MAX_INVITE_CHARS).exactOptional(),
    keys: z.array(short).max(64).exactOptional(),
    newKey: z.boolean().exactOptional(),
    founder: short.exactOptional(),
    welcome: z.boolean().exactOptional(),
    instead: z.boolean().exactOptional(),
  })
  .refine((params) => (params.name === undefined) !== (params.invite === undefined), {
    error: 'expected exactly one of name and invite',
  })
  .refine(({ newKey, name, keys }) => newKey !== true || (name?.startsWith('$') === true && keys === undefined), {
    error: 'newKey is for a group ($name), without keys',
  })
  .meta({ oneOf: [{ required: ['name'] }, { required: ['invite'] }] })

/** Params of a like or a dislike; `why` is its payload. */
export const likeParams = z.strictObject({ chain, id, sign: short, why: unicode.exactOptional() })
