// Round trips of the control port, over the unix socket and over TCP behind the cookie; unsigned posts into a group.
import { randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { lanes } from './figures.mjs'
import { CALLS_EACH, openNode } from './node.mjs'

const CHAIN = '$bench'

export async function port({ root, quick }) {
  const node = await openNode(root, 'port', { name: CHAIN, key: 'AB'.repeat(32) })
  const { id } = await node.client.call('chain.post', { chain: CHAIN, text: 'a post'.padEnd(50, '.') })
  const get = (client) => client.call('chain.get', { chain: CHAIN, id, part: 'block' })
  const post = (client) => client.call('chain.post', { chain: CHAIN, payload: randomBytes(50).toString('base64') })
  const figures = []
  for (const way of ['unix', 'tcp']) {
    for (const [what, call, count, floor] of [
      ['chain.get', get, quick ? 2_000 : 10_000, 'echo'],
      ['chain.post', post, quick ? 500 : 2_000, 'synced put'],
    ]) {
      for (const inFlight of [1, 64]) {
        const name = `${what} over ${way}, ${inFlight} in flight`
        const measure = async () => {
          const clients = await connectBy(node, way, inFlight)
          const one = (lane) => call(clients[Math.floor(lane / CALLS_EACH)])
          await lanes(inFlight, count / 10, one)
          const { result, cpuUs, heldMs } = await node.measured(count, () => lanes(inFlight, count, one))
          for (const client of clients) client.close()
          return { value: result.perSecond, cpuUs, heldMs }
        }
        figures.push({ name, unit: '/s', floor, measure })
      }
    }
  }
  return { figures, close: () => node.close() }
}

/** Without its socket there, clients take TCP and the cookie. */
async function connectBy(node, way, inFlight) {
  if (way === 'unix') return node.connect(inFlight)
  const { port: number, stateDir } = node.endpoint
  const [socket, away] = [join(stateDir, `control-${number}.sock`), join(stateDir, 'away')]
  await rename(socket, away)
  try {
    return await node.connect(inFlight)
  } finally {
    await rename(away, socket)
  }
}
