/** The daemon behind the `start` command: configuration, signals, and the text printed at the start (spec §11, §12). */
import { configFaultLines } from '../config/faults.ts'
import { loadConfig, reloadChains, type Config } from '../config/config.ts'
import { systemClock, testClock } from '../base/clock.ts'
import { composeNode, type ComposedNode } from './compose.ts'
import { ControlError } from '../control/error-codes.ts'
import { controlErrorOf } from '../api/fault-reports.ts'
import { exposureWarning } from '../control/paths.ts'
import { createLogger, type Logger } from '../base/log.ts'
import { onAbort } from '../base/deadline.ts'

/** Arguments of `start`. A missing one comes from the config file, then from the defaults. */
export interface DaemonOptions {
  readonly dir?: string
  readonly configFile?: string
  readonly controlPort?: number
  readonly listen: readonly string[]
  readonly testClock: boolean
}

/**
 * Runs until a signal or `host.stop`. Resolves after a clean stop.
 *
 * @param interrupted - aborted by SIGTERM and SIGINT; the reason is the signal's name
 * @throws {ControlError} why the node cannot start
 */
export async function runDaemon(options: DaemonOptions, interrupted: AbortSignal): Promise<void> {
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
  const log = createLogger({ level: config.logLevel })
  for (const warning of config.warnings) log.warn('config.warning', { warning })
  // A SIGHUP during the start would kill the process. The config has just been read, so it is ignored.
  process.on('SIGHUP', () => undefined)
  const started = await composeNode(config, { clock: options.testClock ? testClock() : systemClock, log })
  if (!started.ok) throw controlErrorOf(started.fault)
  const node = started.value
  process.stdout.write(`${welcome(config, node)}\n`)
  const exposed = exposureWarning(config.control.host)
  if (exposed !== undefined) process.stderr.write(`freechains: ${exposed}\n`)
  await untilStopped(node, config, log, interrupted)
}

/** Waits for SIGTERM, SIGINT (may have come already) or `host.stop`. SIGHUP reloads the chains of the config file. */
async function untilStopped(node: ComposedNode, config: Config, log: Logger, interrupted: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<string | Error>()
  onAbort(interrupted, () => resolve(String(interrupted.reason)))
  const onHangup = (): void => {
    reload(node, config, log).catch((error: unknown) => {
      log.error('config.reload-failed', { why: String(error) })
    })
  }
  process.on('SIGHUP', onHangup)
  void node.stopAsked.then(resolve)
  const reason = await promise
  log.info('node.stopping', { why: String(reason) })
  process.off('SIGHUP', onHangup)
  await node.stop()
  // An exit with an error lets a supervisor restart the node from what is on disk.
  if (reason instanceof Error)
    throw new ControlError(
      'data-dir-unusable',
      `the data directory failed: ${reason.message}; see to the disk, then start again`,
    )
}

async function reload(node: ComposedNode, config: Config, log: Logger): Promise<void> {
  if (config.file === undefined) return
  const read = reloadChains(config.file)
  if (!read.ok) {
    log.error('config.reload-failed', { why: configFaultLines(read.fault) })
    return
  }
  for (const warning of read.value.warnings) log.warn('config.warning', { warning })
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
    `data:         ${config.dataDir}`,
    'try:',
    `  ${command} chains join "#chat"`,
    `  ${command} crypto pubpvt --new`,
    `  ${command} chain "#chat" listen`,
  ].join('\n')
}
