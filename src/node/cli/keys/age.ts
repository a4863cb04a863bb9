/** Private keys under a passphrase, as age files (docs/decisions/0039). Imported where it is needed: it loads a library. */
import { armor, Decrypter, Encrypter } from 'age-encryption'

/** scrypt with N = 2^15: a quarter of a second in JavaScript, at each post. Passphrases are strong (spec §3) or were insisted on. */
const WORK_FACTOR = 15

export async function encrypted(text: string, passphrase: string): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.setScryptWorkFactor(WORK_FACTOR)
  encrypter.setPassphrase(passphrase)
  return armor.encode(await encrypter.encrypt(text)).trim()
}

/** `damaged`: it is no whole age file with a passphrase. */
export async function decrypted(
  age: string,
  passphrase: string,
): Promise<{ readonly text: string } | { readonly failure: 'wrong-passphrase' | 'damaged' }> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  try {
    return { text: await decrypter.decrypt(armor.decode(age), 'text') }
  } catch (error) {
    // The library has no codes. This is what it says when no passphrase opens the file.
    const isWrong = error instanceof Error && error.message.startsWith('no identity matched')
    return { failure: isWrong ? 'wrong-passphrase' : 'damaged' }
  }
}
