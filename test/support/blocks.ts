/**
 * Builds signed blocks for tests, the same ones every time: authors by number, nonces out of what the block says. Blocks
 * that the rules refuse are not made here; encode them by hand where a test needs one.
 */
import { makeBlock, type Block, type BlockParts, type MadeBlock } from '../../src/dag/block.ts'
import { chainOf, type Chain } from '../../src/dag/chain.ts'
import type { ContentLabel } from '../../src/dag/content-label.ts'
import { publicKeyOf, sha256, type PrivateKey } from '../../src/dag/crypto.ts'
import { Bug, type Result } from '../../src/dag/result.ts'
import { genesisBlockId } from '../../src/dag/ids.ts'

/** The value of a result that a test has no doubts about. */
export function must<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Bug(`a test's premise does not hold: ${JSON.stringify(result.fault)}`)
  return result.value
}

export function chain(name: string, ...keys: readonly string[]): Chain {
  return must(chainOf(name, keys))
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const authors = new Map<number, PrivateKey>()

/** Key pair number n. */
export function author(n: number): PrivateKey {
  const known = authors.get(n)
  if (known !== undefined) return known
  const seed = sha256(bytes(`author ${String(n)}`))
  const made = { seed, author: publicKeyOf(seed) }
  authors.set(n, made)
  return made
}

export interface PostParts {
  /** Blocks to stand on; none: the genesis. */
  readonly backs?: readonly Block[]
  /** Default: the latest of the backs', or 1,700,000,000,000. */
  readonly time?: number
  /** A number for {@link author}, or keys. Default: unsigned. */
  readonly author?: number | PrivateKey
  /** Default: the height as text. */
  readonly payload?: string | Uint8Array
  readonly toOwner?: boolean
  /** Type and name of the payload. */
  readonly label?: ContentLabel
  /** The post that this one answers. */
  readonly re?: Block
}

/** A post on these backs, at the height that follows. */
export function post(on: Chain, parts: PostParts = {}): MadeBlock {
  return make(on, parts, {})
}

/** A like (n = 1) or dislike of a block; its payload, the reason, is empty by default. */
export function like(on: Chain, n: 1 | -1, target: Block, parts: PostParts): MadeBlock {
  return make(on, { payload: '', ...parts }, { like: { n, target: target.id } })
}

function make(on: Chain, parts: PostParts, more: Pick<BlockParts, 'like'>): MadeBlock {
  const { backs = [], author: by } = parts
  const height = 1 + Math.max(0, ...backs.map((back) => back.header.height))
  const time = parts.time ?? Math.max(1_700_000_000_000, ...backs.map((back) => back.header.time))
  const { payload = `post of height ${String(height)}` } = parts
  const ids = backs.length === 0 ? [genesisBlockId(on.id)] : backs.map((back) => back.id)
  return must(
    makeBlock({
      chain: on,
      height,
      time,
      backs: ids,
      payload: typeof payload === 'string' ? bytes(payload) : payload,
      ...(by === undefined ? {} : { pvt: typeof by === 'number' ? author(by) : by }),
      toOwner: parts.toOwner ?? false,
      ...(parts.label === undefined ? {} : { label: parts.label }),
      ...(parts.re === undefined ? {} : { re: parts.re.id }),
      random: () => sha256(bytes(`${String(time)} ${ids.join(' ')}`)),
      ...more,
    }),
  )
}
