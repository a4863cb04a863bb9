/** The keys of the config file (spec §12) as a plain object, for a program that has no file. */
import type { LogLevel } from '../base/log.ts'

/** A chain to join. */
export interface NodeConfigChain {
  /** `#forum`, `$group`, `@PUB` or `@!PUB`. */
  readonly name: string
  /** Of a forum: public keys, 64 hex digits each. Without them, the founder is the pioneer. */
  readonly pioneers?: readonly string[]
  /** Of a forum without `pioneers`: the public key of the founder to follow; the first who posts here if nobody is followed. */
  readonly founder?: string
  /** Of a forum, or of `@PUB`: whether held posts of newcomers on other nodes are collected, to be welcomed here. */
  readonly welcome?: boolean
  /** Of a group: the key that its members share, 64 hex digits. */
  readonly key?: string
  /** In place of `key`: a file that holds it. A relative path starts at the working directory. */
  readonly keyFile?: string
}

/** What `config/freechains.yaml` explains key by key. All but `dataDir` have a default, the one of the file. */
export interface NodeConfig {
  /** Where blocks, the node's key and remembered peers are kept; one node at a time. Relative to the working directory. */
  readonly dataDir: string
  /** Multiaddrs over TCP: TCP port 0 means any free one, `[]` only dials out. `/ip4/0.0.0.0/tcp/8331` and `/ip6/::/tcp/8331` by default. */
  readonly listen?: readonly string[]
  /** Multiaddrs to tell others in place of those found. */
  readonly announce?: readonly string[]
  /** Multiaddrs to tell others besides those found. */
  readonly appendAnnounce?: readonly string[]
  /** Peers by which to enter the DHT, each ending in `/p2p/ID`. */
  readonly bootstrap?: readonly string[]
  /** Peers to stay connected to, each ending in `/p2p/ID`. */
  readonly peers?: readonly string[]
  /** How peers are found besides; all on by default. */
  readonly discovery?: { readonly dht?: boolean; readonly mdns?: boolean; readonly remembered?: boolean }
  /** `host:port` of the control port; port 0 means any free one. `127.0.0.1:8330` by default. */
  readonly control?: string
  /** `host:port` of the page for a browser, loopback alone; `false` is off, as it is unless told. */
  readonly web?: string | false
  /** Whether `control` may be anything but loopback: nothing that is sent over it is encrypted. */
  readonly allowRemoteControl?: boolean
  /** The least level that reaches the log; `info` by default. */
  readonly logLevel?: LogLevel
  /** Proxies that other nodes come through: IP addresses or CIDR ranges. What comes from them has no share of its own. */
  readonly trustedProxies?: readonly string[]
  readonly limits?: {
    /** Both ways, 1 … 10,000; 300 by default. */
    readonly maxConnections?: number
    /** From one address, after 32 at once, 1 … 1,000; 5 by default. */
    readonly inboundConnectionsPerSecond?: number
  }
  /** Bounds on the disk, in MiB; 0 is no bound. */
  readonly storage?: {
    /** What one chain may take; beyond it no more payloads are taken. 0 by default. */
    readonly maxChainMiB?: number
    /** What all chains may take together. 0 by default. */
    readonly maxMiB?: number
    /** What has to be free on the disk; with less the node is read-only. 64 by default. */
    readonly minFreeMiB?: number
  }
  readonly hidden?: {
    /** For how many days the payloads of hidden posts are kept aside, 0 … 36,500; 30 by default, 0 deletes them at once. */
    readonly keepDays?: number
  }
  readonly chains?: readonly NodeConfigChain[]
}
