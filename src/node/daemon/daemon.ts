/** The daemon behind the `start` command: configuration, signals, and the text printed at the start (spec §11, §12). */
import { configFaultLines } from '../config/faults.ts'
import { loadConfig, reloadConfig, type Config } from '../config/config.ts'
import { systemClock, testClock } from '../base/clock.ts'
import { composeNode, type ComposedNode } from './compose.ts'
import { ControlError } from '../control/error-codes.ts'
import { Hangup } from './hangup.ts'
import { controlErrorOf } from '../api/fault-reports.ts'
import { exposureWarning } from '../control/paths.ts'
import { createLogger, type Logger } from '../base/log.ts'
import { stderrSink } from '../base/log-sink.ts'
import { onAbort } from '../base/deadline.ts'
import { neverBlock, type Terminal } from '../base/terminal.ts'

/** Arguments of `start`. A missing one comes from the config file, then from the defaults. */
export interface DaemonOptions {
  readonly dir?: string
  readonly configFile?: string
  readonly controlPort?: number
  readonly listen: readonly string[]
  readonly testClock: boolean
}

/** What the process around the daemon gives it. */
export interface Surroundings {
  /** Aborted by a signal that ends the process; the reason is its name. */
  readonly interrupted: AbortSignal
  readonly terminal: Terminal
}

/**
 * Runs until a signal, `host.stop`, or the end of its terminal. Resolves after a clean stop.
 *
 * @throws {ControlError} why the node cannot start
 */
export async function runDaemon(options: DaemonOptions, { interrupted, terminal }: Surroundings): Promise<void> {
  neverBlock(process.stdout)
  neverBlock(process.stderr)
  const loaded = loadConfig({
    file: options.configFile,
    overrides: {
      dataDir: options.dir,
      controlPort: options.controlPort,
      listen: options.listen.length === 0 ? undefined : options.listen,
    },
  })
  if (!loaded.ok) throw new ControlError('bad-config', configFaultLines(loaded.fault).join('\nfreechains: '))
  const config = loaded.value
  const hangup = new Hangup(terminal)
  const log = createLogger({ level: config.logLevel, stream: stderrSink(() => hangup.check()) })
  for (const warning of config.warnings) log.warn('config.warning', { warning })
  const clock = options.testClock ? testClock() : systemClock
  let reason: string | Error
  do {
    const started = await composeNode(config, { clock, log })
    if (!started.ok) throw controlErrorOf(started.fault)
    const node = started.value
    process.stdout.write(`${welcome(config, node)}\n`)
    const exposed = exposureWarning(config.control.host)
    if (exposed !== undefined) process.stderr.write(`freechains: ${exposed}\n`)
    reason = await untilStopped(node, { config, log, hangup, interrupted })
    // What was written before is known only when the store has been opened anew.
    if (reason === 'room') log.warn('node.starting-again', { why: 'a write had failed, and the disk has room again' })
  } while (reason === 'room')
}

interface Running {
  readonly config: Config
  readonly log: Logger
  readonly hangup: Hangup
  readonly interrupted: AbortSignal
}

/** Waits until the node should stop, and stops it. Returns the reason; SIGHUP reloads the chains and quotas of the config file. */
async function untilStopped(
  node: ComposedNode,
  { config, log, hangup, interrupted }: Running,
): Promise<string | Error> {
  hangup.onReload = () => {
    reload(node, config, log).catch((error: unknown) => {
      log.error('config.reload-failed', { why: String(error) })
    })
  }
  const ended = Promise.withResolvers<string | Error>()
  // May have come already.
  const forget = onAbort(interrupted, () => ended.resolve(String(interrupted.reason)))
  const reason = await Promise.race([ended.promise, hangup.gone, node.stopAsked])
  forget()
  log.info('node.stopping', { why: String(reason) })
  hangup.onReload = undefined
  await node.stop()
  // An exit with an error lets a supervisor restart the node from what is on disk.
  if (reason instanceof Error)
    throw new ControlError(
      'data-dir-unusable',
      `the data directory failed: ${reason.message}; see to the disk, then start again`,
    )
  return reason
}

async function reload(node: ComposedNode, config: Config, log: Logger): Promise<void> {
  if (config.file === undefined) return
  const read = reloadConfig(config.file)
  if (!read.ok) {
    log.error('config.reload-failed', { why: configFaultLines(read.fault) })
    return
  }
  for (const warning of read.value.warnings) log.warn('config.warning', { warning })
  node.setQuota(read.value.storage)
  await node.joinAll(read.value)
  log.info('config.reloaded', { chains: read.value.chains.length })
}

/** The text for a new user: peer id, addresses for other nodes, the control port, and three commands to try. */
function welcome(config: Config, node: ComposedNode): string {
  const { host, port } = node.control
  // In a checkout there is no `freechains` on the PATH; the environment says how to call it.
  const program = process.env['FREECHAINS_COMMAND'] ?? 'freechains'
  const command = port === 8330 ? program : `${program} --port=${String(port)}`
  return [
    `freechains node ${node.peerId}`,
    ...node.addresses().map((address) => `address:      ${address}`),
    `control port: ${host}:${String(port)}`,
    `page:         ${'off' in node.page ? `off: ${node.page.off}` : node.page.link()}`,
    `data:         ${config.dataDir}`,
    'try:',
    `  ${command} chains join INVITE             # what somebody sent you`,
    `  ${command} chains join "#a-name-of-yours" # a forum of your own: who posts first founds it`,
    `  ${command} keys new NAME                  # a key of yours, which signs what you post`,
  ].join('\n')
}
