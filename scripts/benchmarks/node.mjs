// A daemon in a process of its own for the benchmarks, with clients, a bystander, and its CPU time.
import { join } from 'node:path'
import { connect } from '../../dist/node/control/client/connection.js'
import { MeasuredNode } from '../measured-node.mjs'
import { openBystander } from './bystander.mjs'

/** A connection takes 32 calls at a time and reads no further, so more in flight need more connections. */
export const CALLS_EACH = 32

/** @param chain `{name, key?}`, joined there */
export async function openNode(root, name, chain) {
  const node = await MeasuredNode.start(root, name, [chain])
  const endpoint = { host: '127.0.0.1', port: node.port, stateDir: join(root, 'state', 'freechains') }
  const bystander = await openBystander(endpoint, chain.name)
  return {
    endpoint,
    client: node.client,
    address: node.address,
    connect: (inFlight) =>
      Promise.all(Array.from({ length: Math.ceil(inFlight / CALLS_EACH) }, () => connect(endpoint))),
    /** Runs `job`, which makes `count` operations. */
    measured: async (count, job) => {
      const cpu = await node.cpuMs()
      const { result, heldMs } = await bystander.during(job)
      return { result, heldMs, cpuUs: (((await node.cpuMs()) - cpu) * 1000) / count }
    },
    close: async () => {
      await bystander.close()
      await node.stop()
    },
  }
}
