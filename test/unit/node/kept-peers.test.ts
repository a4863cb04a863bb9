import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { KEEP_ALIVE } from '@libp2p/interface'
import { expect, onTestFinished, test } from 'vitest'
import { openDisk, type Disk } from '../../../src/node/disk.ts'
import { createHost, type Host } from '../../../src/node/host.ts'
import { silentLogger } from '../../../src/node/log.ts'
import { Redialler } from '../../../src/node/redial.ts'
import { must } from '../../support/blocks.ts'
import { addressOf, dial, eventually, LOOPBACK, startHosts, stopAll } from '../../support/hosts.ts'

async function tempDisk(): Promise<Disk> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  const disk = must(await openDisk(dir))
  onTestFinished(async () => {
    await disk.close()
    await rm(dir, { recursive: true, force: true })
  })
  return disk
}

async function keptBy(host: Host): Promise<string[]> {
  const known = await host.libp2p.peerStore.all()
  return known
    .filter(({ tags }) => [...tags.keys()].some((tag) => tag.startsWith(KEEP_ALIVE)))
    .map(({ id }) => String(id))
}

test('a peer that was kept in the run before is neither tagged nor dialled by libp2p at the next start', async () => {
  const [kept, other] = (await startHosts(2)) as [Host, Host]
  const { datastore } = await tempDisk()
  const privateKey = await generateKeyPair('Ed25519')
  const start = async (): Promise<Host> =>
    must(
      await createHost(
        { privateKey, listen: [LOOPBACK], dht: false, mdns: false, inboundConnectionsPerSecond: 1000 },
        { datastore, log: silentLogger },
      ),
    )
  const before = await start()
  const redialler = new Redialler({ host: before, log: silentLogger })
  redialler.add(addressOf(kept))
  await eventually(
    () => kept.isConnected(before.peerId.toString()),
    (changed) => kept.onConnect(changed),
  )
  await expect.poll(() => keptBy(before), { timeout: 20_000 }).toEqual([kept.peerId.toString()])
  await redialler.stop()
  await before.stop()
  await eventually(
    () => !kept.isConnected(before.peerId.toString()),
    (changed) => kept.onDisconnect(changed),
  )

  const after = await start()
  onTestFinished(() => stopAll([after, kept, other]))
  expect(await keptBy(after)).toEqual([])
  // What libp2p dials by itself it dials at once: before anything that is asked of it now.
  await dial(after, other)
  expect(after.isConnected(kept.peerId.toString())).toBe(false)
})
