// Signed posts through the port, on disk when they are answered: one at a time, and 64 in flight, whose writes may share a flush;
// signed by the daemon, and by the client between a draft and its submission.
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { signerOf } from '../../dist/node/control/client/index.js'
import { chain, pvt } from '../line-chain.mjs'
import { lanes } from './figures.mjs'
import { CALLS_EACH, openNode } from './node.mjs'

export async function posting({ root, quick }) {
  const node = await openNode(root, 'posting', { name: chain.params.name })
  const sign = bytesToHex(pvt.seed) + pvt.author
  const signer = signerOf(sign)
  const direct = (client, params) => client.call('chain.post', { ...params, sign })
  const drafted = (client, params) => client.post({ ...params, sign: signer })
  const figure = (what, inFlight, count, send) => ({
    name: `${what}, ${inFlight} in flight`,
    ...{ unit: '/s', floor: 'synced put' },
    measure: async () => {
      const clients = await node.connect(inFlight)
      const post = (lane) =>
        send(clients[Math.floor(lane / CALLS_EACH)], {
          chain: chain.params.name,
          payload: randomBytes(50).toString('base64'),
        })
      const { result, cpuUs, heldMs } = await node.measured(count, () => lanes(inFlight, count, post))
      for (const client of clients) client.close()
      return { value: result.perSecond, cpuUs, heldMs }
    },
  })
  const posts = quick ? 500 : 2_000
  const figures = [
    figure('signed post', 1, posts, direct),
    figure('signed post', 64, posts * 4, direct),
    figure('drafted, signed here', 1, posts, drafted),
    figure('drafted, signed here', 64, posts * 4, drafted),
  ]
  return { figures, close: () => node.close() }
}
