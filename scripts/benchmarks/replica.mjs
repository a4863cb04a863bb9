// A chain opened in this process, as a node opens it, over a store in a folder of its own.
import { systemClock } from '../../dist/node/base/clock.js'
import { silentLogger } from '../../dist/node/base/log.js'
import { Replica } from '../../dist/node/chain/replica.js'
import { openDatabase } from '../../dist/node/storage/database.js'
import { chain } from '../line-chain.mjs'

export async function openReplica(dir) {
  const disk = (await openDatabase(dir)).value
  const from = performance.now()
  const replica = await Replica.open(
    { chain, seed: 1 },
    { store: disk.chain(chain.id), clock: systemClock, log: silentLogger },
  )
  const openedMs = performance.now() - from
  const close = async () => {
    await replica.close()
    await disk.close()
  }
  return { replica, openedMs, close }
}
