// Signed posts through the port, on disk when they are answered: one at a time, and 64 in flight, whose writes may share a flush.
import { randomBytes } from 'node:crypto'
import { bytesToHex } from '@noble/hashes/utils.js'
import { chain, pvt } from '../line-chain.mjs'
import { lanes } from './figures.mjs'
import { CALLS_EACH, openNode } from './node.mjs'

export async function posting({ root, quick }) {
  const node = await openNode(root, 'posting', { name: chain.params.name })
  const sign = bytesToHex(pvt.seed) + pvt.author
  const figure = (inFlight, count) => ({
    name: `signed post, ${inFlight} in flight`,
    ...{ unit: '/s', floor: 'synced put' },
    measure: async () => {
      const clients = await node.connect(inFlight)
      const post = (lane) =>
        clients[Math.floor(lane / CALLS_EACH)].call('chain.post', {
          ...{ chain: chain.params.name, sign, payload: randomBytes(50).toString('base64') },
        })
      const { result, cpuUs, heldMs } = await node.measured(count, () => lanes(inFlight, count, post))
      for (const client of clients) client.close()
      return { value: result.perSecond, cpuUs, heldMs }
    },
  })
  const posts = quick ? 500 : 2_000
  return { figures: [figure(1, posts), figure(64, posts * 4)], close: () => node.close() }
}
