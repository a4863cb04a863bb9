/**
 * This node's own addresses (spec §9): which of them are told to others, and in which order. Behind a wildcard there may be
 * a dozen, and whoever tries them in order, or sees only the first few (an invite), should meet one that works.
 */
import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import type { Component, Multiaddr } from '@multiformats/multiaddr'
import { multiaddr } from '@multiformats/multiaddr'

/**
 * Interfaces between this machine and what runs inside it, by the names that container engines and hypervisors give them.
 * Their addresses are the same on every machine: told to others, they lead those to themselves.
 */
const BRIDGES =
  /^(?:docker[\d_]|br-|veth|virbr|vnet\d|lxcbr|lxdbr|incusbr|cni|podman|nerdctl|flannel|cali|cilium|kube-|weave|vmnet|vboxnet|vEthernet|bridge\d)/i

/** Addresses of interfaces by name. */
export type Interfaces = Readonly<Record<string, readonly string[]>>

export interface OwnNetwork {
  readonly interfaces: Interfaces
  /** The addresses from which this machine reaches the rest of the world, if it does. */
  readonly defaults: ReadonlySet<string>
  /** Hosts that the configuration names: they are told whatever they are. */
  readonly named: ReadonlySet<string>
}

/**
 * The addresses to tell, best first: what the configuration names; the default route's; other interfaces'; loopback.
 * Those of bridges only if there is nothing but loopback besides.
 */
export function announcedOf(addresses: readonly Multiaddr[], network: OwnNetwork): Multiaddr[] {
  const ranked = addresses.map((address) => ({ address, rank: rankOf(hostOf(address), network) }))
  const isReachable = ranked.some(({ rank }) => rank < LOOPBACK)
  const told = isReachable ? ranked.filter(({ rank }) => rank !== BRIDGE) : ranked
  return told.sort((a, b) => a.rank - b.rank).map(({ address }) => address)
}

const [NAMED, DEFAULT, OTHER, LOOPBACK, BRIDGE] = [0, 1, 2, 3, 4] as const

function rankOf(host: string, { interfaces, defaults, named }: OwnNetwork): number {
  if (defaults.has(host)) return DEFAULT
  if (named.has(host)) return NAMED
  const [name] = Object.entries(interfaces).find(([, addresses]) => addresses.includes(host)) ?? []
  if (isLoopbackHost(host)) return LOOPBACK
  // A bridge that leads out, as on a router or a hypervisor, has the default route on it.
  const leadsOut = name !== undefined && (interfaces[name] ?? []).some((address) => defaults.has(address))
  return name !== undefined && BRIDGES.test(name) && !leadsOut ? BRIDGE : OTHER
}

function isLoopbackHost(host: string): boolean {
  return host.startsWith('127.') || host === '::1'
}

/** The IP address or name at the head of a multiaddr. */
function hostOf(address: Multiaddr): string {
  return hostComponent(address)?.value ?? ''
}

function hostComponent(address: Multiaddr): Component | undefined {
  return address.getComponents().find(({ name }) => name !== 'ip6zone')
}

function portOf(address: Multiaddr): string {
  return address.getComponents().find(({ name }) => name === 'tcp')?.value ?? ''
}

/** Whether a listener takes connections to this address. */
export function listensAt(address: Multiaddr, listeners: readonly Multiaddr[], interfaces: Interfaces): boolean {
  const hosts = hostOf(address).toLowerCase() === 'localhost' ? ['127.0.0.1', '::1'] : [hostOf(address)]
  const local = new Set(Object.values(interfaces).flat())
  return hosts.some((host) =>
    listeners.some((listener) => {
      if (portOf(listener) !== portOf(address)) return false
      const at = hostOf(listener)
      if (at === host) return true
      const isSameKind = at === '0.0.0.0' ? !host.includes(':') : at === '::' && host.includes(':')
      return isSameKind && (local.has(host) || isLoopbackHost(host))
    }),
  )
}

/** How often the default route is looked up again: a laptop changes networks. */
const REFRESH_MS = 30_000

/** A documentation address: the socket is connected to it, which asks the routing table and sends nothing. */
const ANYWHERE = { udp4: '192.0.2.1', udp6: '2001:db8::1' } as const

/** What is used of libp2p's list of own addresses. */
export interface AddressList {
  getAddressesWithMetadata(): readonly {
    readonly multiaddr: Multiaddr
    readonly type: string
    readonly verified: boolean
  }[]
  confirmObservedAddr(address: Multiaddr, options: { readonly type: 'transport' }): void
}

export interface OwnAddressesOptions {
  readonly listen: readonly string[]
  readonly announce?: readonly string[]
  readonly appendAnnounce?: readonly string[]
}

export class OwnAddresses {
  readonly #listen: readonly Multiaddr[]
  readonly #named: ReadonlySet<string>
  #defaults: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined
  #list: AddressList | undefined

  constructor({ listen, announce = [], appendAnnounce = [] }: OwnAddressesOptions) {
    this.#listen = listen.map((address) => multiaddr(address))
    this.#named = new Set([...listen, ...announce, ...appendAnnounce].map((address) => hostOf(multiaddr(address))))
  }

  /** Resolves once the default route is known. */
  async start(): Promise<void> {
    await this.#refresh()
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Before libp2p starts. */
  attach(list: AddressList): void {
    this.#list = list
  }

  /**
   * libp2p keeps back a public address of an interface until autoNAT has it dialled by others, which nobody does here; so a
   * node would not tell the one address at which all reach it. Whether a firewall is before it is not known of private ones either.
   */
  confirm(): void {
    for (const { multiaddr: address, type, verified } of this.#list?.getAddressesWithMetadata() ?? [])
      if (type === 'transport' && !verified) this.#list?.confirmObservedAddr(address, { type })
  }

  /** Of these addresses the ones to tell, best first. */
  announced(addresses: readonly Multiaddr[]): Multiaddr[] {
    return announcedOf(addresses, { interfaces: localInterfaces(), defaults: this.#defaults, named: this.#named })
  }

  /**
   * Whether this node itself listens there.
   * @param told - addresses that it announces, which have the port that the system chose
   */
  includes(address: Multiaddr, told: readonly Multiaddr[]): boolean {
    const interfaces = localInterfaces()
    const local = new Set(Object.values(interfaces).flat())
    const listeners = [...this.#listen, ...told.filter((one) => local.has(hostOf(one)))]
    return listensAt(address, listeners, interfaces)
  }

  async #refresh(): Promise<void> {
    const sources = await Promise.all([sourceTo('udp4'), sourceTo('udp6')])
    this.#defaults = new Set(sources.filter((source) => source !== undefined))
    this.confirm()
  }
}

function localInterfaces(): Interfaces {
  return Object.fromEntries(
    Object.entries(networkInterfaces()).map(([name, all]) => [name, (all ?? []).map(({ address }) => address)]),
  )
}

/** The address from which this machine would send; `undefined` if there is no way out. */
async function sourceTo(kind: 'udp4' | 'udp6'): Promise<string | undefined> {
  const socket = createSocket(kind)
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  socket.once('error', () => {
    resolve(undefined)
  })
  socket.connect(9, ANYWHERE[kind], () => {
    resolve(socket.address().address)
  })
  const source = await promise
  socket.close()
  return source
}
