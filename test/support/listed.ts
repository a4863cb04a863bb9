/**
 * Blocks as `chain.blocks` lists them, out of a picture (`draw.ts`): the first letter of a block's name says whose it is,
 * `?` that it is held. What else there is to say of a block stands beside the picture.
 */
import type { ListedBlock } from '../../src/node/control/shapes.ts'
import { showId } from '../../src/dag/ids.ts'
import { inOrder } from '../../src/dag/order.ts'
import { author } from './blocks.ts'
import { draw } from './draw.ts'

export interface Saying {
  readonly text?: string
  readonly bytes?: Uint8Array
  readonly is?: 'long' | 'missing' | 'hidden' | 'sealed'
  readonly takenBack?: true
  readonly like?: readonly [1 | -1, string]
  /** The post that it answers. */
  readonly re?: string
  readonly label?: { readonly type?: string; readonly name?: string }
  readonly reps?: number
  readonly isUnsigned?: true
}

export interface Listing {
  readonly genesis: string
  readonly blocks: ListedBlock[]
  /** Of a block's name in the picture. */
  readonly id: (name: string) => string
  readonly pub: (letter: string) => string
}

/** @param last - only so many, from the end */
export function listed(picture: string, sayings: Readonly<Record<string, Saying>> = {}, last?: number): Listing {
  const { graph, at, names } = draw(picture)
  const shown = (index: number): string => showId(graph.height(index), graph.id(index))
  const pub = (letter: string): string => author(letter.charCodeAt(0)).author
  const all = Array.from({ length: graph.size - 1 }, (_, n) => n + 1)
  const order = [
    ...inOrder(
      graph,
      all.filter((index) => graph.isAccepted(index)),
    ),
    ...inOrder(
      graph,
      all.filter((index) => !graph.isAccepted(index)),
    ),
  ]
  const blocks = order.map((index): ListedBlock => {
    const name = names([index])
    const {
      text = '',
      bytes = Buffer.from(text),
      is,
      takenBack,
      like,
      re,
      label,
      reps = 0,
      isUnsigned,
    } = sayings[name] ?? {}
    return {
      id: shown(index),
      height: graph.height(index),
      time: 1_700_000_000_000 + graph.time(index),
      ...(isUnsigned === true ? {} : { author: pub(name.slice(0, 1)) }),
      backs: graph.backs(index).map(shown),
      ...(like === undefined ? {} : { like: { n: like[0], target: shown(at(like[1])) } }),
      ...(re === undefined ? {} : { re: shown(at(re)) }),
      pay: { cid: 'bafkrei', size: bytes.length, seal: is === 'sealed' ? 'owner' : 'none', ...label },
      state: is === 'hidden' ? 'hidden' : graph.isAccepted(index) ? 'accepted' : 'held',
      reps,
      why: 'said by the picture',
      ...(takenBack === true ? { takenBack } : {}),
      content: is === undefined ? { is: 'here', payload: Buffer.from(bytes).toString('base64') } : { is },
    }
  })
  return {
    genesis: shown(0),
    blocks: last === undefined ? blocks : blocks.slice(-last),
    id: (name) => shown(at(name)),
    pub,
  }
}
