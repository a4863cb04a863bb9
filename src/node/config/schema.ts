/**
 * The schema of the config file (spec §12): keys, defaults and bounds. An unknown key is an error. Issues carry the
 * path of the key; `yaml.ts` finds the line.
 */
import * as z from 'zod'
import { addressComplaint, parseControl, type AddressUse, type Complaint } from '../net/host/address-checks.ts'
import { parseRange } from '../net/host/address-shares.ts'
import { chainOfEntry } from './chains.ts'
import type { Environment } from './files.ts'
import { LOG_LEVELS } from '../base/log.ts'

/** The default address (spec §11) of the control port, on loopback. */
const CONTROL = '127.0.0.1:8330'

/** A hundred years: for ever. */
const MAX_KEEP_DAYS = 36_500

/** About a petabyte: more than any disk has. */
const MAX_MIB = 1_000_000_000

/** A node needs some room to go on reading and to be stopped: LevelDB rewrites files of some MiB. */
const MIN_FREE_MIB = 64

/** The expected value, for error messages, by path of the key; `*` stands for an index of a list. */
const EXPECTED: Readonly<Record<string, string>> = {
  '': 'keys with values, such as "logLevel: info"',
  dataDir: 'a path, such as ~/.local/share/freechains',
  listen: 'a list of addresses, such as [/ip4/0.0.0.0/tcp/8331], or [] for none',
  announce: 'a list of addresses, such as [/dns4/node.example.org/tcp/8331]',
  appendAnnounce: 'a list of addresses, such as [/dns4/node.example.org/tcp/8331]',
  bootstrap: 'a list of peer addresses, each ending in /p2p/ID',
  peers: 'a list of peer addresses, each ending in /p2p/ID',
  'listen.*': 'an address, such as /ip4/0.0.0.0/tcp/8331',
  'announce.*': 'an address, such as /dns4/node.example.org/tcp/8331',
  'appendAnnounce.*': 'an address, such as /dns4/node.example.org/tcp/8331',
  'bootstrap.*': 'an address that ends in /p2p/ID',
  'peers.*': 'an address that ends in /p2p/ID',
  discovery: 'the keys dht, mdns and remembered',
  'discovery.dht': 'true or false',
  'discovery.mdns': 'true or false',
  'discovery.remembered': 'true or false',
  control: `an address and a port, such as "${CONTROL}"`,
  allowRemoteControl: 'true or false',
  web: 'a loopback address and a port, such as "127.0.0.1:8332", or false',
  logLevel: LOG_LEVELS.join(', '),
  trustedProxies: 'a list of IP addresses or ranges, such as [127.0.0.1, "10.0.0.0/8"]',
  'trustedProxies.*': 'an IP address or a range, such as 10.0.0.0/8',
  limits: 'the keys maxConnections and inboundConnectionsPerSecond',
  'limits.maxConnections': 'a whole number of 1 … 10000',
  'limits.inboundConnectionsPerSecond': 'a whole number of 1 … 1000',
  storage: 'the keys maxChainMiB, maxMiB and minFreeMiB',
  'storage.maxChainMiB': 'a whole number of 0 … 1000000000; 0: no limit',
  'storage.maxMiB': 'a whole number of 0 … 1000000000; 0: no limit',
  'storage.minFreeMiB': 'a whole number of 0 … 1000000000; 0: no floor',
  hidden: 'the key keepDays',
  'hidden.keepDays': 'a whole number of 0 … 36500',
  chains: 'a list of chains, such as [{ name: "#chat" }]',
  'chains.*': 'a chain, such as { name: "#chat" }',
  'chains.*.name': 'a name in quotes, such as "#chat": outside quotes # begins a comment',
  'chains.*.pioneers': 'a list of public keys, each of 64 hex digits in quotes',
  'chains.*.pioneers.*': '64 hex digits in quotes',
  'chains.*.founder': '64 hex digits in quotes',
  'chains.*.welcome': 'true or false',
  'chains.*.key': '64 hex digits in quotes',
  'chains.*.keyFile': 'the path of a file that holds 64 hex digits',
}

/** All config keys, as paths. */
export const KNOWN_KEYS: readonly string[] = Object.keys(EXPECTED).filter((path) => path !== '' && !path.endsWith('*'))

/** The expected value at a path, for a value of the wrong type or out of range. */
export function expectedAt(path: readonly PropertyKey[]): string {
  return EXPECTED[pathPattern(path)] ?? 'another value'
}

/** From `chains[0].name` to `chains.*.name`. */
export function pathPattern(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === 'number' ? '*' : String(step))).join('.')
}

function complaintIssue(input: unknown, complaint: Complaint, path: PropertyKey[] = []): z.core.$ZodRawIssue {
  return { code: 'custom', input, path, message: complaint.wrong, params: { fix: complaint.fix } }
}

function address(use: AddressUse): z.ZodString {
  return z.string().check((ctx) => {
    const complaint = addressComplaint(ctx.value, use)
    if (complaint !== undefined) ctx.issues.push(complaintIssue(ctx.value, complaint))
  })
}

/** Null is an empty list: YAML reads a key whose entries are all commented out as null. */
function addresses(use: AddressUse) {
  return z
    .array(address(use))
    .nullish()
    .transform((list) => list ?? [])
}

/** Null is an empty list, as in {@link addresses}. */
function addressRanges() {
  const range = z.string().check((ctx) => {
    if (parseRange(ctx.value) !== undefined) return
    const fix = 'write an IP address, such as 127.0.0.1, or a range in CIDR notation, such as 10.0.0.0/8'
    ctx.issues.push(complaintIssue(ctx.value, { wrong: 'is no IP address and no range', fix }))
  })
  return z
    .array(range)
    .nullish()
    .transform((list) => list ?? [])
}

function controlAddress(mayBeRemote: boolean) {
  return z.string().transform((text, ctx) => {
    const parsed = parseControl(text, mayBeRemote)
    if (parsed.ok) return parsed.value
    ctx.issues.push(complaintIssue(text, parsed.fault))
    return z.NEVER
  })
}

const CHAIN_ENTRY = z.strictObject({
  name: z.string(),
  pioneers: z.array(z.string()).optional(),
  founder: z.string().optional(),
  welcome: z.boolean().optional(),
  key: z.string().optional(),
  keyFile: z.string().min(1).optional(),
})

function chains(file: string, env: Environment) {
  const chain = CHAIN_ENTRY.transform((entry, ctx) => {
    const outcome = chainOfEntry(entry, file, env)
    if ('chain' in outcome) return { ...outcome, holdsKey: entry.key !== undefined, welcome: entry.welcome }
    for (const finding of outcome.findings) ctx.issues.push(complaintIssue(entry, finding, [...finding.at]))
    return z.NEVER
  })
  return z
    .array(chain)
    .nullish()
    .transform((list, ctx) => {
      const joined = list ?? []
      for (const [
        n,
        {
          chain: { params },
        },
      ] of joined.entries()) {
        const first = joined.findIndex((other) => other.chain.params.name === params.name)
        if (first === n) continue
        const complaint = { wrong: `is the same name as chains[${String(first)}]`, fix: 'remove one of the two' }
        ctx.issues.push(complaintIssue(list, complaint, [n, 'name']))
      }
      return joined
    })
}

/**
 * Builds the schema. Parsing with it reads the key files; relative paths are resolved against `file`.
 *
 * @param mayBeRemote - the file's `allowRemoteControl`: whether `control` may be other than loopback
 */
export function configSchema(file: string, env: Environment, mayBeRemote: boolean) {
  return z.strictObject({
    dataDir: z.string().min(1).optional(),
    listen: z.array(address('listen')).optional(),
    announce: addresses('announce'),
    appendAnnounce: addresses('announce'),
    bootstrap: addresses('dial'),
    peers: addresses('dial'),
    discovery: z
      .strictObject({
        dht: z.boolean().default(true),
        mdns: z.boolean().default(true),
        remembered: z.boolean().default(true),
      })
      .prefault({}),
    control: controlAddress(mayBeRemote).prefault(CONTROL),
    allowRemoteControl: z.boolean().default(false),
    web: z.union([z.literal(false), controlAddress(false)]).optional(),
    logLevel: z.enum(LOG_LEVELS).default('info'),
    trustedProxies: addressRanges(),
    limits: z
      .strictObject({
        maxConnections: z.int().min(1).max(10_000).default(300),
        inboundConnectionsPerSecond: z.int().min(1).max(1_000).default(5),
      })
      .prefault({}),
    storage: z
      .strictObject({
        maxChainMiB: z.int().min(0).max(MAX_MIB).default(0),
        maxMiB: z.int().min(0).max(MAX_MIB).default(0),
        minFreeMiB: z.int().min(0).max(MAX_MIB).default(MIN_FREE_MIB),
      })
      .prefault({}),
    hidden: z.strictObject({ keepDays: z.int().min(0).max(MAX_KEEP_DAYS).default(30) }).prefault({}),
    chains: chains(file, env),
  })
}

export type FileConfig = z.output<ReturnType<typeof configSchema>>
