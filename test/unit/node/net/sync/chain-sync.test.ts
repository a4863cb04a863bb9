/** Sync of one chain (spec §8): the bound on the peers that are shown. */
import type { PeerId } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { ChainSync } from '../../../../../src/node/net/sync/chain-sync.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import type { SyncClient } from '../../../../../src/node/net/sync/client.ts'
import { PEERS_SHOWN } from '../../../../../src/protocol/sync-limits.ts'
import { author, chain } from '../../../../support/blocks.ts'
import { openReplica } from '../../../../support/replicas.ts'
import { turns } from '../../../../support/turns.ts'

test('of peers that come and go, each under a new id, so many are shown; the one heard of longest ago is not', async () => {
  const { replica, clock } = await openReplica(chain('#strangers', author(1).author))
  const client = { stream: () => Promise.resolve({ ok: false, fault: { code: 'RPC_UNREACHABLE', why: 'gone' } }) }
  const sync = new ChainSync({
    replica,
    clock,
    client: client as unknown as SyncClient,
    log: silentLogger,
    ...turns(),
  } as unknown as ConstructorParameters<typeof ChainSync>[0])
  const meet = (n: number): Promise<unknown> =>
    sync.pullNow({ toString: () => `peer ${String(n)}` } as PeerId, new AbortController().signal)
  for (let n = 0; n < PEERS_SHOWN; n += 1) await meet(n)
  await meet(0)
  expect(sync.peers()).toHaveLength(PEERS_SHOWN)
  await meet(PEERS_SHOWN)
  const shown = sync.peers().map(({ id }) => id)
  expect(shown).toHaveLength(PEERS_SHOWN)
  expect(['peer 0', 'peer 1', 'peer 2'].map((id) => shown.includes(id))).toEqual([true, false, true])
  await sync.stop()
})
