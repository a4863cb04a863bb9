/** `keys`: the user's own keys, with names (spec §11). Needs no daemon. */
import { randomBytes } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { privateKeyOf, signerOf } from '../../control/client/signing.ts'
import { AddressBook } from '../address-book.ts'
import type { CommandContext } from '../command-context.ts'
import { CommandError, UsageError } from '../io.ts'
import { readKeyText, keyFileText } from '../keys/key-text.ts'
import { addKey, changeRing, deleteKey, findKey, readDefaults, readRing } from '../keys/key-ring.ts'
import { renameKey, setDefault, type OwnKey } from '../keys/key-ring.ts'
import { newPassphrase, PASSPHRASE_FORMS, type PassphraseOptions } from '../keys/passphrases.ts'
import { ask, confirm } from '../keys/prompt.ts'
import { unlocked } from '../keys/who-signs.ts'
import { folded, validName } from '../name-rules.ts'
import { writeWhole } from '../payload-files.ts'
import { readSecretText } from '../secrets.ts'
import { addKindCommands } from './crypto.ts'

/** Of the seed in a private key of 128 hex digits. */
const SEED_DIGITS = 64
const SEED_BYTES = 32

export function addKeysCommands(program: Command, context: CommandContext): void {
  const keys = program
    .command('keys')
    .description(
      'your own keys, with names: post with --as NAME; they stay in files of this user, and no daemon gets them',
    )
  addMaking(keys, context)
  addLooking(keys, context)
  addBackup(keys, context)
  addKindCommands(keys, context)
}

function withPassphrase(command: Command): Command {
  return command
    .option('--passphrase <where>', `protect the file by a passphrase: ${PASSPHRASE_FORMS}; asked for on a terminal`)
    .option('--no-passphrase', 'without one: whoever reads the file has the key')
    .option('--weak', 'take a passphrase that is easy to guess')
}

function addMaking(keys: Command, context: CommandContext): void {
  const { io } = context
  withPassphrase(keys.command('new'))
    .description('make a random key, and print its public key; the first is the default, which signs')
    .argument('<name>', 'what to call it: letters, digits, “.”, “_”, “-”')
    .action(async (name: string, options: PassphraseOptions) => {
      await requireFree(name, context)
      const pvt = privateKeyOf(randomBytes(SEED_BYTES))
      const key = await keep(name, pvt, await newPassphrase(validName(name), options, context), context)
      await context.note(
        `keep a copy: \`freechains keys export ${key.name} --words\` shows it as 24 words to write down`,
      )
    })

  keys
    .command('rename')
    .description('call a key of yours by another name')
    .argument('<name>', 'its name')
    .argument('<new>', 'its new name')
    .action(async (name: string, to: string) => {
      await requireFree(to, context, name)
      const key = await changeRing(io, () => renameKey(name, to, io))
      await context.answerLines({ name: key.name, pub: key.pub }, [])
    })

  keys
    .command('delete')
    .description('delete a key of yours for ever')
    .argument('<name>', 'its name')
    .option('--yes', 'do not ask')
    .action(async (name: string, { yes }: { readonly yes?: true }) => {
      const key = await findKey(name, io)
      const gone = `${key.name} (${key.pub}) is gone for ever without a backup: nobody can post as it, nor take its posts back`
      if (yes !== true && !context.canAsk) throw new CommandError(`${gone}; say --yes to delete it`)
      if (yes !== true && !(await confirm(`${gone}. Delete it?`, io))) throw new CommandError('nothing was deleted')
      await changeRing(io, () => deleteKey(name, io))
      await context.answerLines({ name: key.name, pub: key.pub }, [])
    })

  keys
    .command('default')
    .description('which key signs where none is named; without a name, says which')
    .argument('[name]', 'the name of a key of yours')
    .option('--chain <chain>', 'for this chain only')
    .option('--none', 'no key: posts are not signed unless told')
    .action(async (name: string | undefined, { chain, none }: { readonly chain?: string; readonly none?: true }) => {
      if (name !== undefined && none === true) throw new UsageError('a name and --none exclude each other')
      const on = chain?.normalize('NFC')
      if (name !== undefined || none === true) {
        const key = name === undefined ? undefined : await findKey(name, io)
        await changeRing(io, () => setDefault(io, key?.name, on))
      }
      const defaults = await readDefaults(io)
      const lines = Object.entries(defaults.chains).map(([each, its]) => `${its} ${each}`)
      const all = [...(defaults.default === undefined ? [] : [defaults.default]), ...lines]
      await context.answerLines(defaults, name === undefined && none !== true ? all : [])
    })
}

function addLooking(keys: Command, context: CommandContext): void {
  const { io } = context
  keys
    .command('list')
    .description('one key per line: name, public key, whether it has a passphrase and is the default')
    .action(async () => {
      const { keys: all, damaged } = await readRing(io)
      const defaults = await readDefaults(io)
      const list = all.map((key) => viewOf(key, defaults.default))
      const words = list.map(({ name, pub, passphrase, isDefault }) => [
        ...[name, pub, passphrase ? 'passphrase' : 'open'],
        ...(isDefault ? ['default'] : []),
      ])
      await context.answerTable(
        list,
        { head: ['NAME', 'PUBLIC KEY', 'FILE', ''], rows: words.map((row) => [...row, '', ''].slice(0, 4)) },
        words.map((row) => row.join(' ')),
      )
      for (const { name, path, why } of damaged) await context.note(`${name} is damaged (${path}): ${why}`)
    })

  keys
    .command('show')
    .description('the public key, to give to others')
    .argument('[name]', 'its name; the default key without one')
    .action(async (name: string | undefined) => {
      const { default: usual } = await readDefaults(io)
      const which = name ?? usual
      if (which === undefined) throw new UsageError('which key? `freechains keys list` shows yours')
      const key = await findKey(which, io)
      await context.answer({ ...viewOf(key, usual), path: key.path }, key.pub)
    })
}

function viewOf({ name, pub, body }: OwnKey, usual: string | undefined) {
  return { name, pub, passphrase: 'age' in body, isDefault: name === usual }
}

function addBackup(keys: Command, context: CommandContext): void {
  const { io } = context
  keys
    .command('export')
    .description('print a key to keep it elsewhere: its file, or 24 words to write down')
    .argument('<name>', 'its name')
    .argument('[path]', 'a new file for it; stdout without one')
    .option('--words', 'as 24 words, for paper (the words of BIP-39, of the key itself)')
    .option('--passphrase <where>', `that of the key, for --words: ${PASSPHRASE_FORMS}; else it is asked for`)
    .action(async (name: string, path: string | undefined, options: PassphraseOptions & { readonly words?: true }) => {
      const key = await findKey(name, io)
      const text = options.words === true ? `${await asWords(key, options, context)}\n` : keyFileText(key.pub, key)
      if (path === undefined || path === '-') {
        await context.answer(text.trimEnd(), text.trimEnd())
        return
      }
      await requireNew(path, context)
      await writeWhole(path, Buffer.from(text), { signal: io.signal, mode: 0o600 })
      await context.answerLines({ path }, [])
    })

  withPassphrase(keys.command('import'))
    .description('take in a key from its file, from what `crypto pubpvt` printed, or from its 24 words')
    .argument('<name>', 'what to call it here')
    .argument('[path]', 'the file; - is stdin')
    .option('--words', 'from 24 words: asked for on a terminal, or in the file or on stdin')
    .action(async (name: string, path: string | undefined, options: PassphraseOptions & { readonly words?: true }) => {
      await requireFree(name, context)
      const isWords = options.words === true
      if (path === undefined && !(isWords && context.canAsk)) {
        throw new UsageError(`from where? a path, or - for stdin${isWords ? ', where the 24 words are' : ''}`)
      }
      const text =
        path === undefined
          ? await ask('The 24 words: ', io, { isSecret: false })
          : await readSecretText(path, isWords ? 'words' : 'key', io)
      if (isWords) {
        const pvt = privateKeyOf(await seedIn(text))
        await keep(name, pvt, await newPassphrase(validName(name), options, context), context)
      } else await importText(name, text, options, context)
    })
}

async function asWords(key: OwnKey, options: PassphraseOptions, context: CommandContext): Promise<string> {
  const pvt = await unlocked(key, options, context)
  const { wordsOf } = await import('../keys/words.ts')
  return wordsOf(Buffer.from(pvt.slice(0, SEED_DIGITS), 'hex'))
}

async function seedIn(text: string): Promise<Uint8Array> {
  const { seedOf } = await import('../keys/words.ts')
  const read = seedOf(text)
  if ('seed' in read) return read.seed
  throw new CommandError(`these are not the 24 words of a key: ${read.why}`)
}

/** A file under a passphrase stays under it, once that has been shown to open it. */
async function importText(
  name: string,
  text: string,
  options: PassphraseOptions,
  context: CommandContext,
): Promise<void> {
  const read = readKeyText(text)
  if (read === undefined) {
    throw new CommandError(
      'this is no private key: expected a file of `keys export`, what `crypto pubpvt` printed, or --words',
    )
  }
  const valid = validName(name)
  const pvt = await unlocked({ ...read, name: valid, path: 'the file' }, options, context)
  const { author } = signerOf(pvt)
  if (read.pub !== undefined && read.pub !== author) {
    throw new CommandError('the file is damaged: its public key is not that of its private key')
  }
  if ('age' in read.body) await keepAs(name, author, read.body, context)
  else await keep(name, pvt, await newPassphrase(valid, options, context), context)
}

/** Keeps a private key under a passphrase, or without one, and prints its public key. */
async function keep(
  name: string,
  pvt: string,
  passphrase: string | undefined,
  context: CommandContext,
): Promise<OwnKey> {
  const { author } = signerOf(pvt)
  if (passphrase === undefined) return await keepAs(name, author, { pvt }, context)
  const { encrypted } = await import('../keys/age.ts')
  return await keepAs(name, author, { age: await encrypted(pvt, passphrase) }, context)
}

async function keepAs(name: string, pub: string, body: OwnKey['body'], context: CommandContext): Promise<OwnKey> {
  const { io } = context
  const { key, isFirst } = await changeRing(io, async () => {
    const made = await addKey(name, pub as OwnKey['pub'], body, io)
    const isOnly = (await readRing(io)).keys.length === 1 && (await readDefaults(io)).default === undefined
    if (isOnly) await setDefault(io, made.name)
    return { key: made, isFirst: isOnly }
  })
  await context.answer(viewOf(key, isFirst ? key.name : undefined), key.pub)
  if (isFirst)
    await context.note(
      `${key.name} is your default key now: it signs what you post (\`freechains keys default\` changes that)`,
    )
  return key
}

/** A name that stands for somebody else's key must not become one's own. @throws {CommandError} */
async function requireFree(text: string, { io }: CommandContext, except?: string): Promise<void> {
  const name = validName(text)
  const { keys } = await readRing(io)
  const own = keys.find((key) => folded(key.name) === folded(name) && key.name !== except?.normalize('NFC'))
  if (own !== undefined) throw new CommandError(`you have a key ${own.name} already: choose another name`)
  const other = (await AddressBook.open(io)).list().find((entry) => folded(entry.name) === folded(name))
  if (other !== undefined) {
    throw new CommandError(
      `${other.name} is your name for ${other.pub}: choose another, or \`freechains names remove\` it first`,
    )
  }
}

/** @throws {CommandError} a file is there, and nobody said that it may be replaced */
async function requireNew(path: string, context: CommandContext): Promise<void> {
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!isThere) return
  if (context.canAsk && (await confirm(`${path} is there. Replace it?`, context.io))) return
  throw new CommandError(`${path} is there already: nothing was written; choose another path`)
}
