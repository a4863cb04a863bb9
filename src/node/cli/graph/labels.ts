/** The labels of every drawing (spec §11, `graph`): id, author, kind, state, and first line of the text. Pure. */
import type { ListedBlock } from '../../control/shapes.ts'
import type { AddressBook } from '../address-book.ts'
import { sanitizeLine } from '../sanitize.ts'
import { kindOf, blockText, firstWords, shortId, shortKey } from '../block-text.ts'

/** Limit of a text, in characters. */
const LABEL_CHARS = 60

/** A block to draw. Its texts are sanitized for terminals; each format still escapes them in its own way. */
export interface Drawn {
  readonly id: string
  readonly backs: readonly string[]
  /** Number of backs outside the drawing. */
  readonly olderBacks: number
  readonly shortId: string
  /** The full public key. */
  readonly author?: string
  /** The user's name for the author, or the short key. */
  readonly by: string
  readonly kind: 'genesis' | 'post' | 'like' | 'dislike'
  /** Id of the liked or disliked post. */
  readonly target?: string
  readonly state: ListedBlock['state']
  /** One line, shortened. */
  readonly text: string
}

export interface GenesisView {
  readonly id: string
  readonly chain: string
}

/** @param blocks - as `chain.blocks` returns them; the genesis is drawn if one of them links to it */
export function drawnOf(
  blocks: readonly ListedBlock[],
  genesis: GenesisView,
  names: Pick<AddressBook, 'nameOf'>,
): Drawn[] {
  const isOnGenesis = blocks.some(({ backs }) => backs.includes(genesis.id))
  const known = new Set([genesis.id, ...blocks.map(({ id }) => id)])
  const drawn = blocks.map((block) => drawnBlock(block, known, names))
  return isOnGenesis || blocks.length === 0 ? [drawnGenesis(genesis), ...drawn] : drawn
}

/** The mark of a block: its kind, or its state if it is not accepted. */
export function markOf({ kind, state }: Pick<Drawn, 'kind' | 'state'>): string {
  if (state === 'held') return '?'
  if (state === 'hidden') return '×'
  return { genesis: '◆', post: '●', like: '+', dislike: '-' }[kind]
}

/** The parts of a label in order, without empty ones. */
export function labelWords({ kind, target, state, text, olderBacks }: Drawn): string[] {
  const vote = kind === 'like' ? '+1' : '-1'
  return [
    ...(target === undefined ? [] : [`${vote} → ${shortId(target)}`]),
    ...(state === 'accepted' ? [] : [`(${state})`]),
    ...(text === '' ? [] : [text]),
    ...(olderBacks === 0 ? [] : [`(+${String(olderBacks)} older)`]),
  ]
}

function drawnBlock(block: ListedBlock, known: ReadonlySet<string>, names: Pick<AddressBook, 'nameOf'>): Drawn {
  const { id, backs, author, like, state } = block
  const { text, placeholder = '' } = blockText(block)
  return {
    id,
    backs,
    olderBacks: backs.filter((back) => !known.has(back)).length,
    shortId: shortId(id),
    ...(author === undefined ? {} : { author }),
    by: names.nameOf(author) ?? (author === undefined ? 'anonymous' : shortKey(author)),
    kind: kindOf(block),
    ...(like === undefined ? {} : { target: like.target }),
    state,
    text: text === undefined ? placeholder : firstWords(text, LABEL_CHARS),
  }
}

function drawnGenesis({ id, chain }: GenesisView): Drawn {
  const words = { shortId: shortId(id), by: '', kind: 'genesis', state: 'accepted', text: sanitizeLine(chain) } as const
  return { id, backs: [], olderBacks: 0, ...words }
}
