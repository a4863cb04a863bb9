/**
 * A node inside another program, `startNode` of the package (docs/embedding.md): the daemon's composition and nothing of
 * the process around it. It handles no signal, sets no V8 flag, ends no process, and writes to no stream unless told.
 */
import { createLogger, forwardingLogger, silentLogger, type Logger, type LogLevel } from '../base/log.ts'
import { systemClock } from '../base/clock.ts'
import { checkConfig, loadConfig } from '../config/config.ts'
import type { NodeConfig } from '../config/node-config.ts'
import { connect, type ConnectOptions } from '../control/client/app-client.ts'
import type { Client } from '../control/client/client.ts'
import type { ControlAddress } from '../control/server/server.ts'
import { composeNode, type ComposedNode } from './compose.ts'
import { configError, diskError, startError, type NodeError } from './node-error.ts'

export interface StartOptions {
  /**
   * Where the log goes, from the configuration's `logLevel` up: `'stderr'` for the daemon's JSON lines, or a logger, which is
   * given an event's name and its facts. Nothing is logged unless told.
   */
  readonly log?: 'stderr' | Logger
  /**
   * Where clients find cookie and socket of the control port by its number; made if it is missing.
   * `${XDG_STATE_HOME:-~/.local/state}/freechains` unless told.
   */
  readonly stateDir?: string
}

/** A node that runs. It keeps the process alive until it is stopped. */
export interface EmbeddedNode {
  /** Names this node to its peers; the same at each start on one data directory. */
  readonly peerId: string
  /** Absolute path. */
  readonly dataDir: string
  /** Where the control port listens, with the port that the system chose. */
  readonly control: ControlAddress
  /** Multiaddrs that others can dial now, each ending in `/p2p/<peer id>`. */
  addresses(): readonly string[]
  /**
   * A client of this node's control port, the one that `freechains/client` exports. It is closed when the node stops.
   * @throws {ClientError} the node has stopped, for one
   */
  connect(options?: ClientOptions): Promise<Client>
  /** Ends everything and releases the data directory; resolves when that is done, and never rejects. May be called again. */
  stop(): Promise<void>
  /**
   * Resolves when the node has stopped: by `stop`, by `host.stop` at the control port, or because the disk failed, and then
   * with the error. Never rejects.
   */
  readonly stopped: Promise<NodeError | undefined>
}

/** Those of a client's options that do not say where the node is. */
export type ClientOptions = Omit<ConnectOptions, 'host' | 'port' | 'socket' | 'stateDir'>

/**
 * Starts a node in this process. Several may run beside each other, each on a data directory of its own.
 *
 * @param config the keys of the config file as an object, or the path of such a file. Unlike the file, the object has to say
 *   `dataDir`. Ports of 0 are chosen by the system.
 * @returns the node, once it listens and has joined its chains
 * @throws {NodeError} what keeps it from starting, and what to do about it; what had started is ended again.
 *   `bad-config` has a line for each problem
 */
export async function startNode(config: NodeConfig | string, options: StartOptions = {}): Promise<EmbeddedNode> {
  const checked = typeof config === 'string' ? loadConfig({ file: config }) : checkConfig(config)
  if (!checked.ok) throw configError(checked.fault)
  const { dataDir, logLevel, warnings } = checked.value
  const log = loggerOf(options.log, logLevel)
  for (const warning of warnings) log.warn('config.warning', { warning })
  const { stateDir } = options
  const node = await composeNode(
    { ...checked.value, ...(stateDir === undefined ? {} : { stateDir }) },
    { clock: systemClock, log },
  )
  if (!node.ok) throw startError(node.fault)
  return embed(node.value, { dataDir, log, ...(stateDir === undefined ? {} : { stateDir }) })
}

interface Surroundings {
  readonly dataDir: string
  readonly stateDir?: string
  readonly log: Logger
}

function embed(node: ComposedNode, { dataDir, stateDir, log }: Surroundings): EmbeddedNode {
  const clients = new AbortController()
  const stopped = Promise.withResolvers<NodeError | undefined>()
  let stopping: Promise<void> | undefined
  const stopOnce = async (why: string, error?: NodeError): Promise<void> => {
    log.info('node.stopping', { why })
    await node.stop()
    // Not before: a client that called `host.stop` waits for its answer.
    clients.abort()
    stopped.resolve(error)
  }
  const stop = (why: string, error?: NodeError): Promise<void> => (stopping ??= stopOnce(why, error))
  void node.stopAsked.then((reason) =>
    reason === 'host.stop' ? stop(reason) : stop(String(reason), diskError(reason)),
  )
  return {
    peerId: node.peerId,
    dataDir,
    control: node.control,
    addresses: () => node.addresses(),
    connect: ({ signal, ...rest } = {}) => {
      const until = signal === undefined ? clients.signal : AbortSignal.any([clients.signal, signal])
      return connect({ ...rest, ...endpointOf(node.control, stateDir), signal: until })
    },
    stop: () => {
      clients.abort()
      return stop('stop')
    },
    stopped: stopped.promise,
  }
}

/** A wildcard address is where the port listens, not where it is dialled. */
const DIALLED: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function endpointOf({ host, port, socket }: ControlAddress, stateDir?: string): ConnectOptions {
  if (socket !== undefined) return { socket }
  return { host: DIALLED[host] ?? host, port, ...(stateDir === undefined ? {} : { stateDir }) }
}

function loggerOf(log: 'stderr' | Logger | undefined, level: LogLevel): Logger {
  if (log === undefined) return silentLogger
  return log === 'stderr' ? createLogger({ level }) : forwardingLogger(level, log)
}
