/**
 * The node's configuration (spec §12): the config file, overridden by the command line, over the defaults; validated
 * and frozen. Rule constants (spec §3–§5) are not configurable. It reads the config file and the key files named there,
 * nothing else.
 */
import { dirname, resolve } from 'node:path'
import type { Chain } from '../../dag/chain.ts'
import type { AuthorKey } from '../../dag/ids.ts'
import { fail, ok, type Result } from '../../dag/result.ts'
import { addressComplaint, parsePort, type ControlAddress } from '../net/host/address-checks.ts'
import type { ConfigFault, ConfigProblem } from './faults.ts'
import { defaultDataDir, expandHome, readSmallFile, type Environment } from './files.ts'
import type { NodeConfig } from './node-config.ts'
import { problemsOf } from './problems.ts'
import { configSchema, type FileConfig } from './schema.ts'
import { readYaml, type YamlText } from './yaml.ts'
import type { LogLevel } from '../base/log.ts'

export interface Config {
  /** The config file; absent when none was given. */
  readonly file?: string
  readonly dataDir: string
  /** TCP multiaddrs. */
  readonly listen: readonly string[]
  /** If not empty, replaces all addresses that the node would announce. */
  readonly announce: readonly string[]
  /** Announced in addition to the addresses found. */
  readonly appendAnnounce: readonly string[]
  /** Bootstrap peers of the DHT, each ending in `/p2p/ID`. */
  readonly bootstrap: readonly string[]
  /** Static peers, each ending in `/p2p/ID`. */
  readonly peers: readonly string[]
  readonly discovery: { readonly dht: boolean; readonly mdns: boolean; readonly remembered: boolean }
  /** Loopback unless `allowRemoteControl`. Port 0 means any free port. An IPv6 host has no brackets. */
  readonly control: ControlAddress
  readonly allowRemoteControl: boolean
  /** Where the page is served; always loopback. `false`: nowhere. */
  readonly web: ControlAddress | false
  readonly logLevel: LogLevel
  /** Addresses and CIDR ranges of proxies; what comes from them has no share of its own (spec §9). */
  readonly trustedProxies: readonly string[]
  readonly limits: { readonly maxConnections: number; readonly inboundConnectionsPerSecond: number }
  readonly storage: StorageConfig
  /** For how many days the payloads of hidden posts are kept aside (spec §4). */
  readonly hidden: { readonly keepDays: number }
  readonly chains: readonly Chain[]
  /** The founders to follow (spec §2), by chain id. */
  readonly founders: Readonly<Partial<Record<string, AuthorKey>>>
  /** Whether held posts of others are collected (spec §5), by chain id, as far as the file says. */
  readonly welcome: Readonly<Partial<Record<string, boolean>>>
  /** Shown in the log; they do not stop the node. */
  readonly warnings: readonly string[]
}

/** Bounds on the disk (spec §12), in MiB; 0: none. */
export interface StorageConfig {
  /** Of one chain. */
  readonly maxChainMiB: number
  /** Of all chains together. */
  readonly maxMiB: number
  /** Free on the disk; with less the node is read-only. */
  readonly minFreeMiB: number
}

/** What SIGHUP reads again. */
export type Reloaded = Pick<Config, 'chains' | 'founders' | 'welcome' | 'storage' | 'warnings'>

/** Arguments of `start` that override the file (spec §11). */
export interface ConfigOverrides {
  /** Relative to the working directory. */
  readonly dataDir?: string | undefined
  /** `--port`, of the control port: as typed, or a number. */
  readonly controlPort?: string | number | undefined
  /** `--listen`, repeatable: replaces the file's list. */
  readonly listen?: readonly string[] | undefined
}

export interface LoadConfigOptions {
  readonly file?: string | undefined
  readonly overrides?: ConfigOverrides | undefined
  /** Environment for `~` and `XDG_DATA_HOME`; `process.env` by default. */
  readonly env?: Environment | undefined
}

/** libp2p's port, unless told. */
const LISTEN_PORT = 8331
/** From the control port to libp2p's, where `--port` moves both, and to the port of the page: 8330, 8331 and 8332. */
const LISTEN_OFFSET = 1
const PAGE_OFFSET = 2
const LAST_PORT = 65_535

/** A config file is a page or two; this leaves room for thousands of chains. */
const CONFIG_BYTES = 1024 * 1024

/** Loads the configuration; without a file, the defaults. */
export function loadConfig({ file, overrides = {}, env = process.env }: LoadConfigOptions = {}): Result<
  Config,
  ConfigFault
> {
  const read = file === undefined ? readText('', '', false, env) : readConfigFile(file, env)
  const given = readOverrides(overrides)
  if (!read.ok)
    return read.fault.code === 'CONFIG_INVALID' ? invalid([...read.fault.problems, ...given.problems]) : read
  if (given.problems.length > 0) return invalid(given.problems)
  const { dataDir, control, listen } = read.value.parsed
  return ok(
    configOf(read.value, {
      ...(file === undefined ? {} : { file: resolve(file) }),
      dataDir: overrides.dataDir === undefined ? dataDirOf(dataDir, file, env) : resolve(overrides.dataDir),
      control: { ...control, port: given.port ?? control.port },
      listen: [...(overrides.listen ?? listen ?? listenBeside(given.port))],
    }),
  )
}

/**
 * The configuration of a node inside another program, from a plain object with the keys of the file. The data directory is
 * not optional, for the default one belongs to the daemon; a relative path starts at the working directory.
 */
export function checkConfig(plain: NodeConfig, env: Environment = process.env): Result<Config, ConfigFault> {
  const read = readValue({ value: plain, place: () => ({ line: 1, column: 1 }) }, '', false, env)
  if (!read.ok) {
    if (read.fault.code !== 'CONFIG_INVALID') return read
    return invalid(read.fault.problems.map(({ key, wrong, fix }) => ({ key, wrong, fix })))
  }
  const { dataDir, web = false } = read.value.parsed
  if (dataDir === undefined)
    return invalid([{ key: 'dataDir', wrong: 'is missing', fix: 'name a directory that no other node uses' }])
  return ok(configOf(read.value, { dataDir: resolve(expandHome(dataDir, env)), web }))
}

function configOf(
  { parsed, warnings }: ReadConfig,
  chosen: Pick<Config, 'dataDir'> & Partial<Pick<Config, 'file' | 'control' | 'listen' | 'web'>>,
): Config {
  const { chains, ...rest } = parsed
  const founders = chains.flatMap(({ chain, founder }) => (founder === undefined ? [] : [[chain.id, founder] as const]))
  const welcome = chains.flatMap((entry) =>
    entry.welcome === undefined ? [] : [[entry.chain.id, entry.welcome] as const],
  )
  const control = chosen.control ?? rest.control
  return frozen({
    ...rest,
    ...chosen,
    listen: chosen.listen ?? rest.listen ?? listenBeside(undefined),
    web: chosen.web ?? rest.web ?? pageAddress(control),
    chains: chains.map(({ chain }) => chain),
    founders: Object.fromEntries(founders),
    welcome: Object.fromEntries(welcome),
    warnings,
  })
}

/** All interfaces. With `--port` alone a second node on a machine needs no more to be told. */
function listenBeside(controlPort: number | undefined): readonly string[] {
  const port = controlPort === undefined ? LISTEN_PORT : portAbove(controlPort, LISTEN_OFFSET)
  return [`/ip4/0.0.0.0/tcp/${String(port)}`, `/ip6/::/tcp/${String(port)}`]
}

/** Any free one, if there is none. */
function portAbove(port: number, offset: number): number {
  return port === 0 || port > LAST_PORT - offset ? 0 : port + offset
}

/** Unless told: two ports above the control port, so that a second node on a machine needs to be told one port alone. */
function pageAddress({ port }: ControlAddress): ControlAddress {
  return { host: '127.0.0.1', port: portAbove(port, PAGE_OFFSET) }
}

/** Reads the file's chains and quotas again, for SIGHUP. On a fault the caller keeps what it has. */
export function reloadConfig(file: string, env: Environment = process.env): Result<Reloaded, ConfigFault> {
  const loaded = loadConfig({ file, env })
  if (!loaded.ok) return loaded
  const { chains, founders, welcome, storage, warnings } = loaded.value
  return ok({ chains, founders, welcome, storage, warnings })
}

interface ReadConfig {
  readonly parsed: FileConfig
  readonly warnings: readonly string[]
}

function readConfigFile(file: string, env: Environment): Result<ReadConfig, ConfigFault> {
  const read = readSmallFile(file, CONFIG_BYTES)
  if (!read.ok) return fail({ code: 'CONFIG_UNREADABLE', file, why: read.fault })
  return readText(file, read.value.text, read.value.worldReadable, env)
}

function readText(
  file: string,
  text: string,
  worldReadable: boolean,
  env: Environment,
): Result<ReadConfig, ConfigFault> {
  const yaml = readYaml(text)
  if ('problems' in yaml) return invalid(yaml.problems.map((problem) => ({ file, key: '', ...problem })))
  return readValue(yaml, file, worldReadable, env)
}

function readValue(
  yaml: YamlText,
  file: string,
  worldReadable: boolean,
  env: Environment,
): Result<ReadConfig, ConfigFault> {
  const { allowRemoteControl } = (yaml.value ?? {}) as { readonly allowRemoteControl?: unknown }
  const parsed = configSchema(file, env, allowRemoteControl === true).safeParse(yaml.value, { reportInput: true })
  if (!parsed.success) return invalid(problemsOf(parsed.error.issues, yaml, file))
  const { chains } = parsed.data
  const warnings = chains.flatMap((chain) => chain.warnings)
  if (worldReadable && chains.some(({ holdsKey }) => holdsKey)) {
    warnings.push(`${file} holds keys and every user of this machine can read it; run: chmod 600 ${file}`)
  }
  return ok({ parsed: parsed.data, warnings })
}

/** A relative path in the file is resolved against the file's directory. */
function dataDirOf(written: string | undefined, file: string | undefined, env: Environment): string {
  if (written === undefined) return defaultDataDir(env)
  return resolve(dirname(file ?? ''), expandHome(written, env))
}

function readOverrides({ dataDir, controlPort, listen = [] }: ConfigOverrides): {
  problems: ConfigProblem[]
  port?: number
} {
  const problems: ConfigProblem[] = []
  if (dataDir === '')
    problems.push({ key: 'data directory', wrong: 'is empty', fix: 'name a directory, or leave the argument out' })
  for (const address of listen) {
    const complaint = addressComplaint(address, 'listen')
    if (complaint !== undefined) problems.push({ key: `--listen ${address}`, ...complaint })
  }
  if (controlPort === undefined) return { problems }
  const port = parsePort(String(controlPort))
  if (port !== undefined) return { problems, port }
  problems.push({ key: '--port', wrong: 'is no port', fix: 'write a number of 0 … 65535' })
  return { problems }
}

function invalid(problems: readonly ConfigProblem[]): Result<never, ConfigFault> {
  return fail({ code: 'CONFIG_INVALID', problems })
}

/** Shallow: chains hold byte arrays, which cannot be frozen. The lower floors never mutate them. */
function frozen(config: Config): Config {
  for (const part of Object.values(config)) if (typeof part === 'object') Object.freeze(part)
  return Object.freeze(config)
}
