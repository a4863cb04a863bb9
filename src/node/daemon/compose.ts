/**
 * Builds a node from its configuration, by hand, and stops its parts in reverse order. All dependencies between parts
 * are visible here.
 */
import { randomInt } from 'node:crypto'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { ok, type Result } from '../../dag/result.ts'
import { DAY_MS } from '../../reputation/rules.ts'
import { AddedPeers } from '../net/discovery/added-peers.ts'
import { KeyReuse } from '../api/key-reuse.ts'
import { createHandlers } from '../api/handlers.ts'
import { ChainNetwork } from '../net/chain-network.ts'
import { ChainRegistry } from '../chain/registry.ts'
import type { Clock } from '../base/clock.ts'
import type { Config, StorageConfig } from '../config/config.ts'
import type { ReportedFault } from '../api/fault-reports.ts'
import { ControlServer, type ControlAddress } from '../control/server/server.ts'
import type { ServedPage } from '../api/node-parts.ts'
import { servePage } from './page.ts'
import { Discovery } from '../net/discovery/discovery.ts'
import { openDatabase } from '../storage/database.ts'
import { isDiskFull } from '../storage/faults.ts'
import { FreeSpace } from '../storage/free-space.ts'
import { Quota, type QuotaLimits } from '../chain/quota.ts'
import { openLibp2pStore } from '../storage/open-libp2p-store.ts'
import { createHost } from '../net/host/host.ts'
import { KeyTwins, type Twin } from '../net/host/key-twins.ts'
import { Housekeeping } from './housekeeping.ts'
import { LoneFounder } from './lone-founder.ts'
import { loadOrCreateNodeKey } from '../storage/node-key.ts'
import type { Logger } from '../base/log.ts'
import type { ChainServices } from '../net/chain-network.ts'
import { textList } from '../storage/records.ts'
import { Pubsub } from '../net/gossip/pubsub.ts'
import { LobbyBudget } from '../chain/lobby.ts'
import { MempoolBudget } from '../chain/intake/mempool-budget.ts'
import { VerifyWorkers } from '../chain/intake/verify-workers.ts'

const MIB = 1024 * 1024

export interface NodeOptions extends Config {
  /** Where clients find cookie and socket by port; `${XDG_STATE_HOME:-~/.local/state}/freechains` unless told. */
  readonly stateDir?: string
}

export interface NodeModules {
  readonly clock: Clock
  readonly log: Logger
}

export interface ComposedNode {
  readonly peerId: string
  readonly control: ControlAddress
  /** A link that opens the page in one browser, once; or why there is no page. */
  readonly page: ServedPage
  addresses(): readonly string[]
  /** Joins the chains that are not joined yet. They are not stored as joined: the config file lists them. */
  joinAll(more: ConfiguredChains): Promise<void>
  /** Other quotas hold from now on. What was not taken for them is fetched when heads are compared. */
  setQuota(storage: StorageConfig): void
  /** Resolves when the node should stop. */
  readonly stopAsked: Promise<StopReason>
  stop(): Promise<void>
}

/**
 * `host.stop` was called; the disk failed, and no write can succeed any more; or `room`: a write had failed for want of room,
 * and there is room again, so the node can be started anew.
 */
export type StopReason = 'host.stop' | 'room' | Error

/** The running parts, to be stopped in reverse order. */
class Started {
  readonly #endings: (() => Promise<void> | void)[] = []

  ending(end: () => Promise<void> | void): void {
    this.#endings.push(end)
  }

  /** A part that fails to stop does not keep the others from stopping. */
  async endAll(log: Logger): Promise<void> {
    for (let end = this.#endings.pop(); end !== undefined; end = this.#endings.pop()) {
      try {
        await end()
      } catch (error) {
        log.error('node.ending-failed', { why: String(error) })
      }
    }
  }
}

/** Starts all parts or none: after a fault, the parts that are running already are stopped. */
export async function composeNode(
  config: NodeOptions,
  modules: NodeModules,
): Promise<Result<ComposedNode, ReportedFault>> {
  const started = new Started()
  try {
    const node = await start(config, modules, started)
    if (!node.ok) await started.endAll(modules.log)
    return node
  } catch (error) {
    await started.endAll(modules.log)
    throw error
  }
}

async function start(
  config: NodeOptions,
  { clock, log }: NodeModules,
  started: Started,
): Promise<Result<ComposedNode, ReportedFault>> {
  const startedAt = performance.now()
  const disk = await openDatabase(config.dataDir)
  if (!disk.ok) return disk
  started.ending(() => disk.value.close())
  const stopAsked = Promise.withResolvers<StopReason>()
  const freeSpace = new FreeSpace(
    { dir: config.dataDir, floorBytes: config.storage.minFreeMiB * MIB },
    {
      log,
      onRoomAfterFailure: () => {
        stopAsked.resolve('room')
      },
    },
  )
  started.ending(() => {
    freeSpace.stop()
  })
  disk.value.onFailure((failure) => {
    // A full disk can still be read.
    if (isDiskFull(failure)) freeSpace.noteFull(failure)
    else stopAsked.resolve(failure)
  })
  await freeSpace.look()
  const quota = new Quota(quotaOf(config.storage))
  const privateKey = await loadOrCreateNodeKey(disk.value)
  if (!privateKey.ok) return privateKey
  const { discovery: switches, limits } = config
  const self = peerIdFromPrivateKey(privateKey.value).toString()
  const libp2pStore = await openLibp2pStore(disk.value, self, log)
  started.ending(() => libp2pStore.close())
  const host = await createHost(
    { privateKey: privateKey.value, ...config, ...limits, dht: switches.dht, mdns: switches.mdns },
    { datastore: libp2pStore.datastore, log },
  )
  if (!host.ok) return host
  started.ending(() => host.value.stop())
  const twins = new KeyTwins({ libp2p: host.value.libp2p, privateKey: privateKey.value, clock, log })
  await twins.start()
  started.ending(() => {
    twins.stop()
  })

  /** Some chain has no peer, or a post that waits for somebody who could welcome it. */
  const isLonely = (): boolean =>
    chains.all().some(({ attached, replica }) => attached.peers().length === 0 || replica.heldHere().length > 0)
  const added = textList(disk.value, 'added-peers')
  const known = [...config.bootstrap, ...config.peers, ...(await added.load())]
  const discovery = new Discovery(
    { dht: switches.dht, cachePeers: switches.remembered, peers: known.map((address) => multiaddr(address)) },
    {
      host: host.value,
      log,
      store: textList(disk.value, 'remembered-peers'),
      isLonely: () => isLonely(),
      onOwnId: (addresses) => twins.probe(addresses),
    },
  )
  const pubsub = new Pubsub({ host: host.value, log })
  const network = new ChainNetwork({ host: host.value, pubsub, discovery, clock, log })
  started.ending(() => network.stop())
  const workers = new VerifyWorkers({ log })
  started.ending(() => workers.stop())
  const chains: ChainRegistry<ChainServices> = new ChainRegistry<ChainServices>({
    verifier: workers,
    mempoolBudget: new MempoolBudget(),
    lobbyBudget: new LobbyBudget(),
    quota,
    disk: freeSpace,
    onFailure: (error) => {
      if (!isDiskFull(error)) stopAsked.resolve(error)
    },
    database: disk.value,
    clock,
    log,
    seed: randomInt(2 ** 32),
    keepHiddenMs: config.hidden.keepDays * DAY_MS,
    attach: (replica) => network.attach(replica),
  })
  started.ending(() => chains.stop())
  // Before the chains: they need not leave their topics one by one, and neighbours need not be told.
  started.ending(() => {
    pubsub.stop()
  })
  started.ending(await network.serve())
  await chains.restore()
  await joinAll(chains, config, log)
  await chains.searchLeftOvers()
  await discovery.start()
  started.ending(() => discovery.stop())

  const control = { address: '' }
  let page: ServedPage = { off: 'the node is still starting: ask again' }
  const info = { control: () => control.address, dataDir: config.dataDir, startedAt }
  const { bootstrap } = config
  const addedPeers = new AddedPeers({ configured: [...bootstrap, ...config.peers] }, { list: added, discovery })
  const peers = { staticPeers: () => discovery.staticPeers(), undialled: () => discovery.failures() }
  const twin = (): Twin | undefined => twins.twin
  const keyReuse = new KeyReuse(() =>
    chains.all().flatMap(({ replica }) => {
      const { name, key } = replica.chain.params
      return key === undefined ? [] : [{ name, key }]
    }),
  )
  const probeOwnId = (address: Multiaddr): Promise<void> => twins.probe([address])
  const shared = { host: host.value, twin, probeOwnId, keyReuse, chains, clock, log, addedPeers, bootstrap, info }
  const parts = { ...shared, ...peers, disk: freeSpace, page: () => page }
  const handlers = createHandlers(parts)
  const server = new ControlServer(
    {
      ...config.control,
      dataDir: config.dataDir,
      ...(config.stateDir === undefined ? {} : { stateDir: config.stateDir }),
    },
    {
      handlers,
      log,
      requestStop: () => {
        stopAsked.resolve('host.stop')
      },
    },
  )
  const listening = await server.start()
  if (!listening.ok) return listening
  started.ending(() => server.stop())
  const served = await servePage(config.web, {
    store: textList(disk.value, 'page-sessions'),
    nowMs: () => Date.now(),
    log,
    serve: (stream) => server.serve(stream),
  })
  page = served.page
  started.ending(() => served.stop())
  control.address = `${listening.value.host}:${String(listening.value.port)}`
  const housekeeping = new Housekeeping({ chains, log })
  started.ending(() => housekeeping.stop())
  const loneFounder = new LoneFounder({ chains, log })
  started.ending(() => loneFounder.stop())
  log.info('node.started', { peer: host.value.peerId.toString(), chains: chains.all().length })
  return ok({
    peerId: host.value.peerId.toString(),
    control: listening.value,
    page,
    addresses: () => host.value.addresses(),
    joinAll: (more) => joinAll(chains, more, log),
    setQuota: (storage) => {
      quota.set(quotaOf(storage))
    },
    stopAsked: stopAsked.promise,
    stop: () => started.endAll(log),
  })
}

function quotaOf({ maxChainMiB, maxMiB }: StorageConfig): QuotaLimits {
  return { chainBytes: maxChainMiB * MIB, totalBytes: maxMiB * MIB }
}

/** The chains of the config file. */
type ConfiguredChains = Pick<Config, 'chains' | 'founders' | 'welcome'>

async function joinAll(
  registry: ChainRegistry<ChainServices>,
  { chains, founders, welcome }: ConfiguredChains,
  log: Logger,
): Promise<void> {
  for (const chain of chains) {
    const joined = await registry.join(chain, {
      remember: false,
      isConfigured: true,
      founder: founders[chain.id],
      welcome: welcome[chain.id],
    })
    if (joined.ok) continue
    // It is joined, and follows the founder of the blocks that are here.
    if (joined.fault.code === 'CHAIN_OTHER_FOUNDER')
      log.error('chain.other-founder', { chain: chain.id, founder: joined.fault.founder })
    else log.error('chain.not-joined', { chain: chain.id, why: joined.fault.code })
  }
}
