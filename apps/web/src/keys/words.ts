/** A seed as 24 words, as the command writes it (spec §11). Loaded when it is asked for: the list is long. */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

export function wordsOfSeed(seed: Uint8Array): string {
  return entropyToMnemonic(seed, wordlist)
}

export function seedOfWords(text: string): Uint8Array | undefined {
  const words = text.normalize('NFKD').toLowerCase().trim().split(/\s+/)
  if (words.length !== 24) return undefined
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    return undefined
  }
}
