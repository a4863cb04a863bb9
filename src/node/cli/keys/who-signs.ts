/** Who signs a post or a vote (spec §11): a key that is named, one that is given, or the default. Signed in this process. */
import type { Command } from 'commander'
import type { Signer } from '../../control/client/drafting.ts'
import { signerOf } from '../../control/client/signing.ts'
import type { CommandContext } from '../command-context.ts'
import { CommandError, UsageError } from '../io.ts'
import { KEY_FORMS, readKey } from '../secrets.ts'
import { findKey, readDefaults, type OwnKey } from './key-ring.ts'
import { knownPassphrase, PASSPHRASE_FORMS, type PassphraseOptions } from './passphrases.ts'

export interface SignOptions extends PassphraseOptions {
  readonly sign?: string
  readonly as?: string
  readonly unsigned?: true
}

/** Adds the options that say who signs. */
export function addSignOptions(command: Command): Command {
  return command
    .option('--as <name>', 'which of your keys signs (`freechains keys list`); the default one without this')
    .option('--sign <pvt>', `a private key to sign with, instead; ${KEY_FORMS}`)
    .option('--passphrase <where>', `that of your key, if it has one: ${PASSPHRASE_FORMS}; else it is asked for`)
}

/** @returns `undefined` if nobody does @throws {CommandError} @throws {UsageError} */
export async function whoSigns(options: SignOptions, context: CommandContext): Promise<Signer | undefined> {
  const { sign, as, unsigned } = options
  if ([sign, as, unsigned].filter((given) => given !== undefined).length > 1) {
    throw new UsageError('--as, --sign and --unsigned exclude each other')
  }
  if (sign !== undefined) return signerOf(await readKey(sign, '--sign', context.io))
  if (unsigned === true) return undefined
  const name = as ?? (await defaultFor(context))
  return name === undefined ? undefined : signerOf(await unlocked(await findKey(name, context.io), options, context))
}

/** As {@link whoSigns}, for what nobody may post unsigned. @throws {CommandError} */
export async function mustSign(options: SignOptions, context: CommandContext): Promise<Signer> {
  const signer = await whoSigns(options, context)
  if (signer !== undefined) return signer
  throw new UsageError('who signs? --as NAME, after `freechains keys new NAME`; or --sign=PVT')
}

async function defaultFor(context: CommandContext): Promise<string | undefined> {
  const { default: name, chains } = await readDefaults(context.io)
  return chains[context.subject('chain').normalize('NFC')] ?? name
}

/** The private key in hex. @throws {CommandError} the passphrase is another one, or the file is damaged */
export async function unlocked(
  { name, pub, body, path }: Omit<OwnKey, 'pub'> & { readonly pub?: string },
  options: PassphraseOptions,
  context: CommandContext,
): Promise<string> {
  if ('pvt' in body) return body.pvt
  const passphrase = await knownPassphrase(name, options, context)
  const { decrypted } = await import('./age.ts')
  const opened = await decrypted(body.age, passphrase)
  if ('failure' in opened && opened.failure === 'wrong-passphrase') {
    throw new CommandError(`the passphrase of ${name} is another one: try again`)
  }
  const pvt = 'text' in opened ? opened.text.trim().toUpperCase() : ''
  if (!/^[0-9A-F]{128}$/.test(pvt) || (pub !== undefined && !pvt.endsWith(pub))) {
    throw new CommandError(`the key ${name} is damaged (${path}): restore it from a backup or its 24 words`)
  }
  return pvt
}
