// Peers under ever so many ids on one address, for `sybils.mjs`: each connects, subscribes to the chain's topic and says hello on
// no sync stream. They connect again when they are dropped. Arguments: the address of the node, the chain's name, how many.
import '../dist/node/base/polyfill.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { chainOf } from '../dist/dag/chain.js'
import { createHost } from '../dist/node/net/host/host.js'
import { topicOf } from '../dist/node/net/gossip/chain-gossip.js'
import { SYNC_PROTOCOL } from '../dist/protocol/messages.js'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const [address, name, count] = process.argv.slice(2)
const topic = topicOf(chainOf(name, []).value.rendezvous)

async function sybil() {
  const made = await createHost(
    { privateKey: await generateKeyPair('Ed25519'), listen: [], dht: false, mdns: false },
    { log },
  )
  const { libp2p } = made.value
  libp2p.services.pubsub.subscribe(topic)
  await libp2p.handle(SYNC_PROTOCOL, () => undefined, { maxInboundStreams: 64 })
  for (;;) {
    if (libp2p.getConnections().length === 0) {
      await libp2p.dial(multiaddr(address), { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
    }
    await sleep(1_000)
  }
}

await Promise.all(Array.from({ length: Number(count) }, sybil))
