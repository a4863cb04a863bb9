// Two nodes that meet through a counting proxy: hosts on loopback, disks, gossip and sync as a node has them, one chain,
// and no search for others. What they say once they are connected is theirs.
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { ChainNetwork } from '../dist/node/net/chain-network.js'
import { systemClock as clock } from '../dist/node/base/clock.js'
import { Discovery } from '../dist/node/net/discovery/discovery.js'
import { openDatabase } from '../dist/node/storage/database.js'
import { createHost } from '../dist/node/net/host/host.js'
import { silentLogger as log } from '../dist/node/base/log.js'
import { Replica } from '../dist/node/chain/replica.js'
import { Pubsub } from '../dist/node/net/gossip/pubsub.js'
import { CountingProxy } from './counting-proxy.mjs'
import { chain } from './line-chain.mjs'
import { SyncLedger } from './sync-ledger.mjs'

/** A first copy of a million blocks takes some minutes. */
const DEADLINE_MS = 900_000
const LOOK_MS = 50

export class MeetingNode {
  disk
  replica
  host
  ledger
  sync
  #endings = []

  /** Opens the data directory; nobody is told of it yet. */
  static async open(dir) {
    const node = new MeetingNode()
    node.disk = (await openDatabase(dir)).value
    node.replica = await Replica.open({ chain, seed: 1 }, { store: node.disk.chain(chain.id), clock, log })
    return node
  }

  async goOnline() {
    const privateKey = await generateKeyPair('Ed25519')
    const listen = ['/ip4/127.0.0.1/tcp/0']
    this.host = (await createHost({ privateKey, listen, dht: false, mdns: false }, { log })).value
    this.ledger = new SyncLedger(this.host)
    const { host } = this
    const pubsub = new Pubsub({ host, log })
    const discovery = new Discovery({ dht: false, cachePeers: false, peers: [] }, { host, log })
    const network = new ChainNetwork({ host, pubsub, discovery, clock, log })
    const stopServing = await network.serve()
    const attached = network.attach(this.replica)
    this.sync = attached.sync
    this.#endings = [attached.stop, stopServing, () => network.stop(), () => pubsub.stop(), () => host.stop()]
  }

  get heads() {
    const { graph } = this.replica
    return graph
      .heads()
      .map((index) => graph.id(index))
      .sort()
      .join()
  }

  get isAtRest() {
    const [peer] = this.sync.peers()
    return peer?.state === 'synced' && this.sync.active.length === 0
  }

  async close() {
    for (const end of this.#endings) await end()
    await this.replica.close()
    await this.disk.close()
  }
}

/** `a` dials `b`; resolves when both have the same. Gives what passed through TCP. */
export async function meet(a, b) {
  await Promise.all([a.goOnline(), b.goOnline()])
  const [address] = b.host.addresses()
  const proxy = new CountingProxy(Number(/\/tcp\/(\d+)/.exec(address)[1]))
  const through = multiaddr(address.replace(/\/tcp\/\d+/, `/tcp/${await proxy.start()}`))
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const connected = await a.host.connect(through, { signal })
  if (!connected.ok) throw new Error(`the two nodes did not meet: ${connected.fault.why}`)
  while (!(a.isAtRest && b.isAtRest && a.heads === b.heads)) await pause(LOOK_MS, undefined, { signal })
  const { up, down } = proxy
  proxy.stop()
  return { up, down }
}
