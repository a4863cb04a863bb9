// Blocks asked for by id through the port, in chains of several lengths: each answer must cost what it gives.
import { join } from 'node:path'
import { chain } from '../line-chain.mjs'
import { builtChain } from './chains.mjs'
import { lanes, median } from './figures.mjs'
import { openNode } from './node.mjs'

export async function lookup({ root, quick }) {
  const opened = []
  for (const blocks of quick ? [1_000, 5_000] : [1_000, 100_000]) opened.push(await lookupIn(blocks, root, quick))
  return {
    figures: opened.flatMap(({ figures }) => figures),
    close: async () => {
      for (const { close } of opened) await close()
    },
  }
}

async function lookupIn(blocks, root, quick) {
  const name = `lookup-${blocks}`
  await builtChain(blocks, join(root, name))
  const node = await openNode(root, name, { name: chain.params.name })
  const ids = await node.client.call('chain.consensus', { chain: chain.params.name })
  ids.shift()
  let n = 0
  const next = () => ids[(n += 7_919) % ids.length]
  const asked = { chain: chain.params.name, part: 'block' }
  const figure = (what, unit, floor, count, job) => ({
    name: `${blocks} blocks: ${what}`,
    ...{ unit, floor },
    measure: async () => {
      const { result, cpuUs, heldMs } = await node.measured(count, job)
      return { value: result, cpuUs, heldMs }
    },
  })
  const many = Math.min(ids.length, quick ? 1_000 : 10_000)
  const gets = quick ? 500 : 2_000
  return {
    close: () => node.close(),
    figures: [
      figure('chain.get by id', 'ms', 'echo', gets, async () =>
        median((await lanes(1, gets, () => node.client.call('chain.get', { ...asked, id: next() }))).times),
      ),
      figure('chain.get by 12 digits', 'ms', 'echo', gets, async () => {
        const prefix = () => next().split('_')[1].slice(0, 12)
        return median((await lanes(1, gets, () => node.client.call('chain.get', { ...asked, id: prefix() }))).times)
      }),
      figure(`chain.blocks, ${many} ids`, 'ms', undefined, many, async () => {
        const from = performance.now()
        await node.client.call('chain.blocks', { chain: chain.params.name, ids: ids.slice(0, many) })
        return performance.now() - from
      }),
      figure(`chain.blocks, the last ${many}`, 'ms', undefined, many, async () => {
        const from = performance.now()
        await node.client.call('chain.blocks', { chain: chain.params.name, last: many })
        return performance.now() - from
      }),
      figure('chain.consensus', 'ms', undefined, blocks, async () => {
        const from = performance.now()
        await node.client.call('chain.consensus', { chain: chain.params.name })
        return performance.now() - from
      }),
    ],
  }
}
