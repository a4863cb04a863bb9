/**
 * The user's own keys (spec §11): one file each, in `keys/` of the user's config directory, readable by him alone; and which
 * signs where none is named. Needs no daemon. Commands that change it at once do so one after another.
 */
import { chmod, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuthorKey } from '../../../dag/ids.ts'
import { makeDir } from '../../base/make-dir.ts'
import { configDir } from '../config-dir.ts'
import { withFileLock } from '../file-lock.ts'
import { CommandError, reasonOf, type Io } from '../io.ts'
import { folded, validName } from '../name-rules.ts'
import { writeWhole } from '../payload-files.ts'
import { keyFileText, readKeyText, type KeyText } from './key-text.ts'

const SUFFIX = '.key'
const DEFAULTS = 'default.yaml'
const DEFAULTS_HEAD = '# Which of your keys signs, as `freechains keys default` keeps it\n'

/** Files of one user's keys are few, and small. */
const MOST_BYTES = 64 * 1024

type KeyIo = Pick<Io, 'env' | 'signal'>

/** A key file that could be read. */
export interface OwnKey {
  readonly name: string
  readonly pub: AuthorKey
  readonly body: KeyText['body']
  readonly path: string
}

/** A file in the folder that is no key. */
export interface DamagedKey {
  readonly name: string
  readonly path: string
  readonly why: string
}

/** By chain as typed; `default` for all others. */
export interface Defaults {
  readonly default?: string
  readonly chains: Readonly<Record<string, string>>
}

function ringDir(env: Io['env']): string {
  return join(configDir(env), 'keys')
}

/** All keys, by name. @throws {CommandError} the folder cannot be read */
export async function readRing(
  io: Pick<Io, 'env'>,
): Promise<{ readonly keys: readonly OwnKey[]; readonly damaged: readonly DamagedKey[] }> {
  const dir = ringDir(io.env)
  let files: string[]
  try {
    files = (await readdir(dir)).filter((file) => file.endsWith(SUFFIX)).sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { keys: [], damaged: [] }
    throw new CommandError(`cannot read your keys in ${dir}: ${reasonOf(error)}`)
  }
  const all = await Promise.all(files.map((file) => readKeyFile(join(dir, file), file.slice(0, -SUFFIX.length))))
  return {
    keys: all.filter((key) => 'pub' in key),
    damaged: all.filter((key) => 'why' in key),
  }
}

async function readKeyFile(path: string, name: string): Promise<OwnKey | DamagedKey> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) return { name, path, why: 'it is too long for a key' }
    const read = readKeyText(await readFile(path, 'utf8'))
    if (read === undefined) return { name, path, why: 'it holds no private key' }
    const { pub, body } = read
    if (pub === undefined) return { name, path, why: 'it does not say its public key: bring it in with `keys import`' }
    if ('pvt' in body && !body.pvt.endsWith(pub))
      return { name, path, why: 'its public key is not that of its private key' }
    return { name: name.normalize('NFC'), pub, body, path }
  } catch (error) {
    return { name, path, why: reasonOf(error) }
  }
}

/** The key of this name. @throws {CommandError} there is none, or its file is damaged */
export async function findKey(text: string, io: Pick<Io, 'env'>): Promise<OwnKey> {
  const name = text.normalize('NFC')
  const { keys, damaged } = await readRing(io)
  const found = keys.find((key) => key.name === name)
  if (found !== undefined) return found
  const broken = damaged.find((key) => key.name.normalize('NFC') === name)
  if (broken !== undefined) throw new CommandError(`your key ${name} is damaged (${broken.path}): ${broken.why}`)
  const others = keys.length === 0 ? 'you have none yet' : `you have ${keys.map((key) => key.name).join(', ')}`
  throw new CommandError(`you have no key ${validName(text)}: ${others}; \`freechains keys new ${name}\` makes it`)
}

/** Changes the ring while no other command does. @throws {CommandError} */
export async function changeRing<T>(io: KeyIo, change: () => Promise<T>): Promise<T> {
  const dir = ringDir(io.env)
  try {
    await makeDir(dir, 0o700)
    // It may be older than this command, or restored from a backup.
    await chmod(dir, 0o700)
  } catch (error) {
    throw new CommandError(`cannot make the folder ${dir}: ${reasonOf(error)}`)
  }
  return await withFileLock(join(dir, 'ring'), io, change)
}

/**
 * Keeps a key under a new name; within {@link changeRing}. @throws {CommandError} the name is taken, or the key has one
 */
export async function addKey(text: string, pub: AuthorKey, body: KeyText['body'], io: KeyIo): Promise<OwnKey> {
  const name = await freeName(text, io)
  const { keys } = await readRing(io)
  const same = keys.find((key) => key.pub === pub)
  if (same !== undefined) throw new CommandError(`this key is here already, as ${same.name}`)
  const path = join(ringDir(io.env), name + SUFFIX)
  await writeWhole(path, Buffer.from(keyFileText(pub, { body })), { signal: io.signal, mode: 0o600 })
  return { name, pub, body, path }
}

/** A name that no file has, nor one that reads like it. @throws {CommandError} */
async function freeName(text: string, io: Pick<Io, 'env'>): Promise<string> {
  const name = validName(text)
  const { keys, damaged } = await readRing(io)
  const like = [...keys, ...damaged].find((key) => folded(key.name) === folded(name))
  if (like === undefined) return name
  const what = like.name === name ? `you have a key ${name} already` : `${name} reads like ${like.name}, which you have`
  throw new CommandError(`${what}: choose another name; \`keys rename\` and \`keys delete\` make room`)
}

/** Within {@link changeRing}. @throws {CommandError} */
export async function renameKey(from: string, to: string, io: KeyIo): Promise<OwnKey> {
  const key = await findKey(from, io)
  const name = await freeName(to, io)
  const path = join(ringDir(io.env), name + SUFFIX)
  await rename(key.path, path)
  await changeDefaults(io, (was) => (was === key.name ? name : was))
  return { ...key, name, path }
}

/** Within {@link changeRing}; gone for ever. @throws {CommandError} */
export async function deleteKey(name: string, io: KeyIo): Promise<void> {
  const key = await findKey(name, io)
  await rm(key.path)
  await changeDefaults(io, (was) => (was === key.name ? undefined : was))
}

/** @throws {CommandError} the file is damaged */
export async function readDefaults(io: Pick<Io, 'env'>): Promise<Defaults> {
  const path = join(ringDir(io.env), DEFAULTS)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { chains: {} }
    throw new CommandError(`cannot read which of your keys signs (${path}): ${reasonOf(error)}`)
  }
  const { parse } = await import('../yaml-text.ts')
  try {
    const { default: name, chains } = parse(text, { schema: 'failsafe' }) as { default?: unknown; chains?: unknown }
    const each = Object.entries((chains ?? {}) as Record<string, unknown>)
    const texts = each.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return { ...(typeof name === 'string' ? { default: name } : {}), chains: Object.fromEntries(texts) }
  } catch {
    throw new CommandError(`${path} is damaged: remove it, then choose with \`freechains keys default\``)
  }
}

/** Within {@link changeRing}. @param chain - for one chain; without it, for all others */
export async function setDefault(io: KeyIo, name: string | undefined, chain?: string): Promise<void> {
  const { default: before, chains } = await readDefaults(io)
  if (chain === undefined) await writeDefaults(io, { ...(name === undefined ? {} : { default: name }), chains })
  else {
    const others = Object.entries(chains).filter(([other]) => other !== chain)
    const entries = name === undefined ? others : [...others, [chain, name] as const]
    await writeDefaults(io, {
      ...(before === undefined ? {} : { default: before }),
      chains: Object.fromEntries(entries),
    })
  }
}

async function changeDefaults(io: KeyIo, change: (was: string) => string | undefined): Promise<void> {
  const { default: before, chains } = await readDefaults(io)
  const after = before === undefined ? undefined : change(before)
  const changed = Object.entries(chains).flatMap(([chain, was]) => {
    const is = change(was)
    return is === undefined ? [] : [[chain, is] as const]
  })
  await writeDefaults(io, { ...(after === undefined ? {} : { default: after }), chains: Object.fromEntries(changed) })
}

async function writeDefaults(io: KeyIo, defaults: Defaults): Promise<void> {
  const { stringify } = await import('../yaml-text.ts')
  const path = join(ringDir(io.env), DEFAULTS)
  await writeWhole(path, Buffer.from(DEFAULTS_HEAD + stringify(defaults)), { signal: io.signal, mode: 0o600 })
}
