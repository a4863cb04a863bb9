// From the call that posts to the event at others, in a line of four nodes: each knows only those beside it.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { bytesToHex } from '@noble/hashes/utils.js'
import { chain, pvt } from '../line-chain.mjs'
import { openNode } from './node.mjs'

const NODES = 4
/** Between two posts: below the rate that is announced one by one (`OWN_ANNOUNCEMENTS`). */
const PAUSE_MS = 150
/** Until gossip has its meshes. */
const MESH_MS = 5_000

export async function live({ root, quick }) {
  const nodes = []
  for (let n = 0; n < NODES; n++) nodes.push(await openNode(root, `live-${n}`, { name: chain.params.name }))
  for (let n = 1; n < NODES; n++) await nodes[n].client.call('peer.add', { addr: nodes[n - 1].address })
  const [first, ...others] = nodes
  const sign = bytesToHex(pvt.seed) + pvt.author
  const post = () =>
    first.client.call('chain.post', {
      ...{ chain: chain.params.name, sign, payload: randomBytes(50).toString('base64') },
    })
  const arrivals = others.map(() => new Map())
  const listening = []
  for (const [n, node] of others.entries()) {
    const [client] = await node.connect(1)
    listening.push(client)
    void (async () => {
      for await (const { id } of client.subscribe('chain.listen', { chain: chain.params.name })) {
        arrivals[n].set(id, performance.now())
      }
    })().catch(() => undefined)
  }
  await wait(MESH_MS)
  const posts = quick ? 20 : 100
  let seen
  const measureAll = async () => {
    const sent = new Map()
    for (let n = 0; n < posts; n++) {
      const from = performance.now()
      const { id } = await post()
      sent.set(id, from)
      await wait(PAUSE_MS)
    }
    seen = arrivals.map((hop) =>
      [...sent].map(([id, from]) => (hop.get(id) ?? Number.NaN) - from).sort((a, b) => a - b),
    )
  }
  const at = (hop, share) => seen[hop][Math.floor(seen[hop].length * share)]
  const figures = [0, 1, 2].flatMap((hop) => [
    {
      name: `event ${hop + 1} hop(s) away, p50`,
      unit: 'ms',
      floor: 'synced put',
      measure: async () => {
        if (hop === 0) await measureAll()
        return { value: at(hop, 0.5) }
      },
    },
    { name: `event ${hop + 1} hop(s) away, p99`, unit: 'ms', measure: async () => ({ value: at(hop, 0.99) }) },
  ])
  return {
    figures,
    close: async () => {
      for (const client of listening) client.close()
      for (const node of nodes) await node.close()
    },
  }
}
