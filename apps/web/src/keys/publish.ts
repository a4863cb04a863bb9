/** Posts and votes: the node drafts, this page signs, the node takes it in (docs/control-port.md, Drafts). */
import { ClientError, postSigned, type Drafting, type ResultOf } from '../../../../src/node/control/client/browser.ts'
import { link } from '../state/app.ts'
import { t } from '../lang/lang.ts'
import { me, sign } from './vault.ts'

/** @throws {ClientError} */
export async function publish(drafting: Drafting): Promise<ResultOf<'chain.submit'>> {
  const author = me.value?.pub
  if (author === undefined) throw locked()
  return await postSigned(link, drafting, {
    author,
    sign: (bytes) => {
      const signature = sign(author, bytes)
      if (signature === undefined) throw locked()
      return signature
    },
  })
}

function locked(): ClientError {
  return new ClientError('locked', t().keys.needed)
}
