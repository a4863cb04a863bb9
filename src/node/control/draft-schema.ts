/** The methods by which a client signs on its side (spec §10), for `schema.ts`: the daemon never has the private key. */
import * as z from 'zod'
import { method } from './method.ts'
import { base64, chain, id, short, unicode } from './params.ts'

/** What is drafted: a post, or a vote. */
const WHAT = ['payload', 'text', 'like', 'dislike'] as const

const needs = (name: string): { readonly required: readonly string[] } => ({ required: [name] })

const draftParams = z
  .strictObject({
    chain,
    author: short,
    payload: base64.exactOptional(),
    text: unicode.exactOptional(),
    encrypt: z.boolean().exactOptional(),
    type: short.exactOptional(),
    name: short.exactOptional(),
    re: id.exactOptional(),
    like: id.exactOptional(),
    dislike: id.exactOptional(),
    why: unicode.exactOptional(),
  })
  .refine((params) => WHAT.filter((key) => params[key] !== undefined).length === 1, {
    error: 'expected exactly one of payload (base64), text, like (id) and dislike (id)',
  })
  .refine(
    ({ like, dislike, ...rest }) =>
      like === undefined && dislike === undefined
        ? rest.why === undefined
        : [rest.encrypt, rest.type, rest.name, rest.re].every((given) => given === undefined),
    { error: 'encrypt, type, name and re are for posts, why is for likes and dislikes' },
  )
  .meta({
    oneOf: WHAT.map(needs),
    not: {
      anyOf: [
        { allOf: [{ anyOf: ['payload', 'text'].map(needs) }, needs('why')] },
        { allOf: [{ anyOf: ['like', 'dislike'].map(needs) }, { anyOf: ['encrypt', 'type', 'name', 're'].map(needs) }] },
      ],
    },
  })

/** A draft's id: what the block's will be. */
const draftId = z.string().regex(/^\d{1,16}_[0-9A-Fa-f]{64}$/, { error: 'expected the draft as chain.draft gave it' })

/** The 64 bytes of an Ed25519 signature (spec §3) in base64. */
const signature = z
  .string()
  .regex(/^[A-Za-z0-9+/]{85}[AQgw]==$/, { error: 'expected a signature: 64 bytes in base64' })
  .meta({ contentEncoding: 'base64' })

export const DRAFTING = {
  'chain.draft': method(
    'makes a post, a like or a dislike for its author to sign, who keeps the private key; nothing is posted yet',
    draftParams,
    z.object({ draft: z.string(), header: z.string().meta({ contentEncoding: 'base64' }) }),
    'what is signed, by Ed25519, is the ASCII text `freechains/block/1` followed by the sha2-256 of `header`; `like` and `dislike` ' +
      'are the id of a post, `why` the reason; `draft` is what the id will be',
  ),
  'chain.submit': method(
    "puts a draft with its author's signature into the chain; `stale` if another block of the author came in since: draft again",
    z.strictObject({ draft: draftId, signature }),
    z.object({ id: z.string(), state: z.enum(['accepted', 'held']), why: z.string().exactOptional() }),
    'as the answer of `chain.post`; a draft waits a minute, in memory alone, and can be submitted once',
  ),
} as const
