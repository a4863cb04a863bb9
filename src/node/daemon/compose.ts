/** Builds a node once, by hand, from its configuration, and takes it down in reverse order. Nothing else decides who knows whom. */
import { randomInt } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import type { Chain } from '../../dag/chain.ts'
import { ok, type Result } from '../../dag/result.ts'
import { AddedPeers } from '../net/discovery/added-peers.ts'
import { createHandlers } from '../api/handlers.ts'
import { ChainNetwork } from '../net/chain-network.ts'
import { ChainRegistry } from '../chain/registry.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/config.ts'
import type { ReportedFault } from '../api/fault-reports.ts'
import { ControlServer } from '../control/server/server.ts'
import { Discovery } from '../net/discovery/discovery.ts'
import { openDatabase } from '../storage/database.ts'
import { createHost } from '../net/host/host.ts'
import { Housekeeping } from './housekeeping.ts'
import { loadOrCreateNodeKey } from '../storage/node-key.ts'
import type { Logger } from '../base/log.ts'
import type { ChainServices } from '../net/chain-network.ts'
import { textList } from '../storage/records.ts'
import { Pubsub } from '../net/gossip/pubsub.ts'
import { VerifyWorkers } from '../chain/intake/verify-workers.ts'

export interface NodeModules {
  readonly clock: Clock
  readonly log: Logger
}

export interface RunningNode {
  readonly peerId: string
  /** `host:port` of the control port. */
  readonly control: string
  addresses(): readonly string[]
  /** Joins what is not joined yet, without remembering it: the config file does. */
  joinAll(chains: readonly Chain[]): Promise<void>
  /** Resolves when the node is to stop: `host.stop` was called, or the disk failed and no write succeeds any more. */
  readonly stopAsked: Promise<'host.stop' | Error>
  stop(): Promise<void>
}

/** What was started, to be ended in reverse order. */
class Started {
  readonly #endings: (() => Promise<void> | void)[] = []

  ending(end: () => Promise<void> | void): void {
    this.#endings.push(end)
  }

  /** One that fails does not keep the others from ending. */
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

/** Starts everything, or nothing: after a fault whatever had started is ended again. */
export async function startNode(config: Config, modules: NodeModules): Promise<Result<RunningNode, ReportedFault>> {
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
  config: Config,
  { clock, log }: NodeModules,
  started: Started,
): Promise<Result<RunningNode, ReportedFault>> {
  const startedAt = performance.now()
  const disk = await openDatabase(config.dataDir)
  if (!disk.ok) return disk
  started.ending(() => disk.value.close())
  const privateKey = await loadOrCreateNodeKey(disk.value)
  if (!privateKey.ok) return privateKey
  const { discovery: switches, limits } = config
  const host = await createHost(
    { privateKey: privateKey.value, ...config, ...limits, dht: switches.dht, mdns: switches.mdns },
    { datastore: disk.value.datastore, log },
  )
  if (!host.ok) return host
  started.ending(() => host.value.stop())

  const isLonely = (): boolean =>
    chains.all().some(({ attached }) => pubsub.subscribers(attached.gossip.topic).length === 0)
  const added = textList(disk.value, 'added-peers')
  const known = [...config.bootstrap, ...config.peers, ...(await added.load())]
  const discovery = new Discovery(
    { dht: switches.dht, cachePeers: switches.remembered, peers: known.map((address) => multiaddr(address)) },
    { host: host.value, log, store: textList(disk.value, 'remembered-peers'), isLonely: () => isLonely() },
  )
  const pubsub = new Pubsub({ host: host.value, log })
  started.ending(() => {
    pubsub.stop()
  })
  const network = new ChainNetwork({ host: host.value, pubsub, discovery, clock, log })
  started.ending(() => {
    network.stop()
  })
  const stopAsked = Promise.withResolvers<'host.stop' | Error>()
  const workers = new VerifyWorkers({ log })
  started.ending(() => workers.stop())
  const chains: ChainRegistry<ChainServices> = new ChainRegistry<ChainServices>({
    verifier: workers,
    onFailure: stopAsked.resolve,
    database: disk.value,
    clock,
    log,
    seed: randomInt(2 ** 32),
    attach: (replica) => network.attach(replica),
  })
  started.ending(() => chains.stop())
  started.ending(await network.serve())
  await chains.restore()
  await joinAll(chains, config.chains, log)
  await discovery.start()
  started.ending(() => discovery.stop())

  const control = { address: '' }
  const info = { control: () => control.address, dataDir: config.dataDir, startedAt }
  const { bootstrap } = config
  const addedPeers = new AddedPeers({ configured: [...bootstrap, ...config.peers] }, { list: added, discovery })
  const peers = { staticPeers: () => discovery.staticPeers(), undialled: () => discovery.failures() }
  const parts = { host: host.value, pubsub, chains, clock, log, addedPeers, ...peers, bootstrap, info }
  const handlers = createHandlers(parts)
  const server = new ControlServer(
    { ...config.control, dataDir: config.dataDir },
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
  control.address = `${listening.value.host}:${String(listening.value.port)}`
  const housekeeping = new Housekeeping({ chains, pubsub, log })
  started.ending(() => {
    housekeeping.stop()
  })
  log.info('node.started', { peer: host.value.peerId.toString(), chains: chains.all().length })
  return ok({
    peerId: host.value.peerId.toString(),
    control: control.address,
    addresses: () => host.value.addresses(),
    joinAll: (more) => joinAll(chains, more, log),
    stopAsked: stopAsked.promise,
    stop: () => started.endAll(log),
  })
}

async function joinAll(chains: ChainRegistry<ChainServices>, wanted: readonly Chain[], log: Logger): Promise<void> {
  for (const chain of wanted) {
    const joined = await chains.join(chain, { remember: false })
    if (!joined.ok) log.error('chain.not-joined', { chain: chain.id, why: joined.fault.code })
  }
}
