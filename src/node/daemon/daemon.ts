/** The daemon behind the `start` command: configuration, signals, and the text printed at the start (spec §11, §12). */
import { configFaultLines } from '../config/faults.ts'
import { loadConfig, reloadConfig, type Config } from '../config/config.ts'
import { systemClock, testClock } from '../base/clock.ts'
import { composeNode, type ComposedNode, type StopReason } from './compose.ts'
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
  const clock = options.testClock ? testClock() : systemClock
  let reason: StopReason | undefined
  do {
    if (reason === 'room') log.warn('node.starting-again', { why: 'a write had failed, and the disk has room again' })
    const started = await composeNode(config, { clock, log })
    if (!started.ok) throw controlErrorOf(started.fault)
    const node = started.value
    process.stdout.write(`${welcome(config, node)}\n`)
    const exposed = exposureWarning(config.control.host)
    if (exposed !== undefined) process.stderr.write(`freechains: ${exposed}\n`)
    reason = await untilStopped(node, config, log, interrupted)
  } while (reason === 'room')
}

/**
 * Waits for SIGTERM, SIGINT (may have come already), `host.stop`, or for room on the disk after a failed write; then stops
 * the node, and returns which of them it was. SIGHUP reloads the chains and quotas of the config file.
 */
async function untilStopped(
  node: ComposedNode,
  config: Config,
  log: Logger,
  interrupted: AbortSignal,
): Promise<StopReason | undefined> {
  const { promise, resolve } = Promise.withResolvers<StopReason | undefined>()
  const forget = onAbort(interrupted, () => resolve(undefined))
  const onHangup = (): void => {
    reload(node, config, log).catch((error: unknown) => {
      log.error('config.reload-failed', { why: String(error) })
    })
  }
  process.on('SIGHUP', onHangup)
  void node.stopAsked.then(resolve)
  const reason = await promise
  forget()
  log.info('node.stopping', { why: String(reason ?? interrupted.reason) })
  process.off('SIGHUP', onHangup)
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
    `data:         ${config.dataDir}`,
    'try:',
    `  ${command} chains join "#chat"`,
    `  ${command} crypto pubpvt "my passphrase"`,
    `  ${command} chain "#chat" listen`,
  ].join('\n')
}
