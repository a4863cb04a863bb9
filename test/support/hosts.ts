/** Hosts on loopback for tests of the libp2p edge: real TCP, ports that the system picks, stopped in one go. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { createHost, type Host, type HostOptions } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'

export const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

/** A deadline that no passing test comes near. */
export function soon(ms = 40_000): AbortSignal {
  return AbortSignal.timeout(ms)
}

/** Starts hosts with the DHT and mDNS off unless told, and with limits that many nodes on one machine need. */
export async function startHost(options: Partial<HostOptions> = {}): Promise<Host> {
  const host = await createHost(
    {
      privateKey: await generateKeyPair('Ed25519'),
      listen: [LOOPBACK],
      dht: false,
      mdns: false,
      inboundConnectionsPerSecond: 1000,
      pendingInboundConnections: 1000,
      ...options,
    },
    { log: silentLogger },
  )
  if (!host.ok) throw new Error(JSON.stringify(host.fault))
  return host.value
}

export function startHosts(count: number, options: Partial<HostOptions> = {}): Promise<Host[]> {
  return Promise.all(Array.from({ length: count }, () => startHost(options)))
}

export function addressOf(host: Host): Multiaddr {
  return multiaddr(host.addresses()[0])
}

export async function dial(from: Host, to: Host): Promise<void> {
  const result = await from.connect(addressOf(to), { signal: soon() })
  if (!result.ok) throw new Error(result.fault.why)
}

export async function stopAll(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.stop()))
}

/** Resolves when the claim holds; looked at again each time `changed` calls back, and now. */
export function eventually(claim: () => boolean, subscribe: (changed: () => void) => () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const unsubscribe = subscribe(() => {
    if (claim()) resolve(undefined)
  })
  if (claim()) resolve(undefined)
  return promise.finally(unsubscribe)
}
