/** Posts and votes: the node drafts, this page signs, the node takes it in (docs/control-port.md, Drafts). */
import type { ParamsOf, ResultOf } from '../../../../src/node/control/schema.ts'
import { CallError } from '../link/rpc.ts'
import { link } from '../state/app.ts'
import { t } from '../lang/lang.ts'
import { fromBase64, toBase64 } from '../text/bytes.ts'
import { me, sign } from './vault.ts'

type Drafting = Omit<ParamsOf<'chain.draft'>, 'author'>

/** Another block of the same author may come in between: a few times, not for ever. */
const MOST_TRIES = 8
const PREFIX = new TextEncoder().encode('freechains/block/1')

/** @throws {CallError} */
export async function publish(drafting: Drafting): Promise<ResultOf<'chain.submit'>> {
  const author = me.value?.pub
  if (author === undefined) throw new CallError('locked', t().keys.needed)
  for (let left = MOST_TRIES; ; left -= 1) {
    const { draft, header } = await link.call('chain.draft', { ...drafting, author })
    const digest = await crypto.subtle.digest('SHA-256', fromBase64(header))
    const signed = new Uint8Array(PREFIX.length + digest.byteLength)
    signed.set(PREFIX)
    signed.set(new Uint8Array(digest), PREFIX.length)
    const signature = sign(author, signed)
    if (signature === undefined) throw new CallError('locked', t().keys.needed)
    try {
      return await link.call('chain.submit', { draft, signature: toBase64(signature) })
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== 'stale' || left <= 1) throw error
    }
  }
}
