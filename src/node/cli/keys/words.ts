/** A seed as 24 words: BIP-39's list and checksum over the 32 bytes themselves (spec §11). Loads a list of 2,048 words. */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

const WORDS = 24

export function wordsOf(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist)
}

/** The seed, or why the words are none. No answer repeats a word that is right. */
export function seedOf(text: string): { readonly seed: Uint8Array } | { readonly why: string } {
  const words = text.normalize('NFKD').toLowerCase().trim().split(/\s+/)
  const wrong = words.findIndex((word) => !wordlist.includes(word))
  if (words.length !== WORDS) return { why: `they are ${String(words.length)}, not ${String(WORDS)}` }
  if (wrong !== -1) return { why: `word ${String(wrong + 1)} is not in the list` }
  try {
    return { seed: mnemonicToEntropy(words.join(' '), wordlist) }
  } catch {
    return { why: 'their checksum is wrong: one was written down wrong, or two stand in each other’s place' }
  }
}
