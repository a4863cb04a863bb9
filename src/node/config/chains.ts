/**
 * From an entry of the config file's `chains` to a {@link Chain}, with the requirements of the chain's kind (spec §2,
 * §12).
 */
import { dirname, resolve } from 'node:path'
import { chainOf, typedName, type Chain } from '../../dag/chain.ts'
import type { DagFault } from '../../dag/faults.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { fail, ok, type Result } from '../../dag/result.ts'
import type { Complaint } from '../net/host/address-checks.ts'
import { expandHome, readSmallFile, type Environment } from './files.ts'

/** An entry as written in the file. */
export interface ChainEntry {
  readonly name: string
  readonly pioneers?: readonly string[] | undefined
  readonly founder?: string | undefined
  readonly welcome?: boolean | undefined
  readonly key?: string | undefined
  readonly keyFile?: string | undefined
}

/** A complaint about part of an entry; `at` is the path within the entry. */
export interface Finding extends Complaint {
  readonly at: readonly (string | number)[]
}

export type ChainOutcome =
  | { readonly chain: Chain; readonly founder?: AuthorKey; readonly warnings: readonly string[] }
  | { readonly findings: readonly Finding[] }

/** A key has 64 digits; the rest is room for white space. */
const KEY_FILE_BYTES = 4 * 1024

const MAKE_KEY = 'write the 64 hex digits that "freechains crypto shared --new" prints'

/** @param file - the config file; a relative `keyFile` is resolved against its directory */
export function chainOfEntry(entry: ChainEntry, file: string, env: Environment): ChainOutcome {
  const founder = founderOf(entry)
  const misplaced = [
    ...misplacedKeys(entry),
    ...badPioneers(entry.pioneers ?? []),
    ...(founder.ok ? [] : [founder.fault]),
  ]
  if (misplaced.length > 0) return { findings: misplaced }
  const secret = secretOf(entry, file, env)
  if ('at' in secret) return { findings: [secret] }
  const made = chainOf(typedName(entry.name), [...(entry.pioneers ?? []), ...secret.keys])
  const followed = founder.ok && founder.value !== undefined ? { founder: founder.value } : {}
  return made.ok
    ? { chain: made.value, ...followed, warnings: secret.warnings }
    : { findings: [chainFinding(made.fault, entry)] }
}

/**
 * Config keys that do not fit the chain's kind, or are missing. A name without a sign is left to `chainOf`, which
 * reports it.
 */
function misplacedKeys(entry: ChainEntry): readonly Finding[] {
  const sign = entry.name.charAt(0)
  if (!'#$@'.includes(sign) || sign === '') return []
  const findings: Finding[] = []
  if (entry.pioneers !== undefined && sign !== '#') {
    findings.push({ at: ['pioneers'], wrong: 'is for forums (#name) only', fix: 'remove it' })
  }
  for (const at of ['key', 'keyFile'] as const) {
    if (entry[at] === undefined || sign === '$') continue
    const fix = sign === '#' ? 'remove it; the keys of those who found a forum go under "pioneers"' : 'remove it'
    findings.push({ at: [at], wrong: 'is for groups ($name) only', fix })
  }
  if (entry.welcome !== undefined && (sign === '$' || entry.name.startsWith('@!')))
    findings.push({ at: ['welcome'], wrong: 'is for chains where newcomers post: #name and @PUB', fix: 'remove it' })
  if (sign !== '$') return findings
  if (entry.key === undefined && entry.keyFile === undefined) {
    findings.push({
      at: ['name'],
      wrong: 'is a group and has no key',
      fix: 'add "keyFile" (or "key") with the key that its members share',
    })
  }
  if (entry.key !== undefined && entry.keyFile !== undefined) {
    findings.push({ at: ['keyFile'], wrong: 'stands beside "key"', fix: 'keep one of the two' })
  }
  return findings
}

/** The founder to follow, of a forum without pioneers (spec §2). */
function founderOf({ name, pioneers, founder }: ChainEntry): Result<AuthorKey | undefined, Finding> {
  const wrongly = (wrong: string, fix: string): Result<never, Finding> => fail({ at: ['founder'], wrong, fix })
  if (founder === undefined) return ok(undefined)
  if (!name.startsWith('#')) return wrongly('is for forums (#name) only', 'remove it')
  if (pioneers !== undefined)
    return wrongly('stands beside "pioneers", which make another chain', 'keep one of the two')
  const key = parseAuthorKey(founder)
  return key.ok ? key : wrongly('is no public key', 'write 64 hex digits, in quotes')
}

function badPioneers(pioneers: readonly string[]): readonly Finding[] {
  return pioneers.flatMap((pioneer, n) => {
    const parsed = parseAuthorKey(pioneer)
    if (parsed.ok) return []
    return [{ at: ['pioneers', n], wrong: 'is no public key', fix: 'write 64 hex digits, in quotes' }]
  })
}

interface Secret {
  readonly keys: readonly string[]
  readonly warnings: readonly string[]
}

function secretOf(entry: ChainEntry, file: string, env: Environment): Secret | Finding {
  if (entry.keyFile === undefined) return { keys: entry.key === undefined ? [] : [entry.key], warnings: [] }
  const path = keyPath(entry.keyFile, file, env)
  const read = readSmallFile(path, KEY_FILE_BYTES)
  if (!read.ok)
    return {
      at: ['keyFile'],
      wrong: `${path} ${read.fault}`,
      fix: 'name a file that holds the key and that the node may read',
    }
  const warnings = read.value.worldReadable
    ? [`${path} holds a key and every user of this machine can read it; run: chmod 600 ${path}`]
    : []
  return { keys: [read.value.text.trim()], warnings }
}

function keyPath(keyFile: string, file: string, env: Environment): string {
  return resolve(dirname(file), expandHome(keyFile, env))
}

function chainFinding(fault: DagFault, entry: ChainEntry): Finding {
  if (fault.code === 'DAG_BAD_CHAIN_NAME') return { at: ['name'], wrong: 'is no chain name', fix: fault.why }
  if (entry.keyFile !== undefined) {
    return { at: ['keyFile'], wrong: 'names a file that holds no shared key', fix: `in it, ${MAKE_KEY}` }
  }
  if (entry.key !== undefined) return { at: ['key'], wrong: 'is no shared key', fix: `${MAKE_KEY}, in quotes` }
  const expected = fault.code === 'DAG_BAD_KEY' ? fault.expected : 'other parameters'
  return { at: [entry.pioneers === undefined ? 'name' : 'pioneers'], wrong: 'makes no chain', fix: `give ${expected}` }
}
