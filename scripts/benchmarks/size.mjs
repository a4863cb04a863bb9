// Chains of several lengths in this process: what is asked near the heads must not grow with them.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { isAncestor, missingFrom } from '../../dist/dag/walk.js'
import { systemClock } from '../../dist/node/base/clock.js'
import { post } from '../../dist/node/chain/posting.js'
import { pvt } from '../line-chain.mjs'
import { builtChain } from './chains.mjs'
import { lanes, median, rate } from './figures.mjs'
import { openReplica } from './replica.mjs'

export async function size({ root, quick }) {
  const all = []
  for (const blocks of quick ? [1_000, 5_000] : [1_000, 10_000, 100_000]) {
    const dir = join(root, `size-${blocks}`)
    await builtChain(blocks, dir)
    let opened = await openReplica(dir)
    const figure = (what, unit, floor, measure) => ({ name: `${blocks} blocks: ${what}`, unit, floor, measure })
    const { graph } = opened.replica
    const top = graph.size - 1
    all.push({
      close: () => opened.close(),
      figures: [
        figure('chain opened', 'ms', undefined, async () => {
          await opened.close()
          opened = await openReplica(dir)
          return { value: opened.openedMs }
        }),
        figure('isAncestor, the first of the last', '/s', undefined, async () =>
          rate(20_000, () => isAncestor(opened.replica.graph, 1, top)),
        ),
        figure('missingFrom, one block behind', '/s', undefined, async () =>
          rate(20_000, () => missingFrom(opened.replica.graph, [top - 1])),
        ),
        figure('post made, on disk when it resolves', 'ms', 'synced put', async () => {
          const one = () => post(opened.replica, { payload: randomBytes(50), pvt }, systemClock)
          return { value: median((await lanes(1, 300, one)).times) }
        }),
      ],
    })
  }
  return {
    figures: all.flatMap(({ figures }) => figures),
    close: async () => {
      for (const { close } of all) await close()
    },
  }
}
