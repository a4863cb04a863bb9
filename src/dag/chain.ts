/** Chain kinds and parameters, the genesis derived from them, and the rendezvous (spec §2, §7). */
import type { AuthorKey, ChainId } from './ids.ts'

/** `#name`, `$name`, `@PUB`, `@!PUB`. */
export type ChainKind = 'forum' | 'group' | 'identity' | 'owner-only'

/** What a chain is made of: equal parameters make the same chain anywhere. */
export interface ChainParams {
  readonly kind: ChainKind
  /** With its sign; a public key in it in upper case. */
  readonly name: string
  /** Forums only: byte-sorted, without repeats, at most 30. */
  readonly pioneers: readonly AuthorKey[]
  /** Groups only: the 32-byte shared key. */
  readonly key?: Uint8Array
  /** Identity chains only. */
  readonly owner?: AuthorKey
}

/** A chain with what follows from its parameters. */
export interface Chain {
  readonly params: ChainParams
  readonly id: ChainId
  /** dag-cbor of the genesis block. */
  readonly genesisBytes: Uint8Array
  /** 32 bytes: sha256("freechains/rendezvous/1" ‖ digest of the chain id). */
  readonly rendezvous: Uint8Array
}
