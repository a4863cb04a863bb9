// What a pull costs after the network: decode, hash, verify, judge, store. All on one thread; a daemon has others for signatures.
import { join } from 'node:path'
import { decodeBlock } from '../../dist/dag/block.js'
import { line } from '../line-chain.mjs'
import { openReplica } from './replica.mjs'

export async function intake({ root, quick }) {
  const count = quick ? 2_000 : 20_000
  const made = [...line(count)]
  let n = 0
  const takeIn = async (batch) => {
    const { replica, close } = await openReplica(join(root, `intake-${String(n++)}`))
    const cpu = process.cpuUsage()
    const from = performance.now()
    for (let at = 0; at < count; at += batch) {
      const incoming = made.slice(at, at + batch).map(({ block: { headerBytes, signature }, payload }) => ({
        block: decodeBlock(headerBytes, signature).value,
        payload,
      }))
      await replica.ingest(incoming, 'pull')
    }
    const value = (count / (performance.now() - from)) * 1000
    const { user, system } = process.cpuUsage(cpu)
    await close()
    return { value, cpuUs: (user + system) / count }
  }
  return {
    figures: [64, 256].map((batch) => ({
      name: `${count} blocks taken in, ${batch} at a time`,
      ...{ unit: '/s', floor: 'verify', measure: () => takeIn(batch) },
    })),
    close: async () => undefined,
  }
}
