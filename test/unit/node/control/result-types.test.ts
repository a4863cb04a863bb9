/** The types of results for given params: if one of these does not hold, `npm run types` fails. */
import { expectTypeOf, test } from 'vitest'
import type { ControlCaller } from '../../../../src/node/control/client/rpc-client.ts'
import type { ResultOf } from '../../../../src/node/control/schema.ts'
import type { BlockView } from '../../../../src/node/control/shapes.ts'

declare const node: ControlCaller
const asked = { chain: '#chat', id: '1_ABCDEF' }
const either: { part: 'block' | 'payload' } = { part: 'block' }
const which: { of?: string } = {}

// None of these is called: there is no daemon.
const block = () => node.call('chain.get', { ...asked, part: 'block' })
const payload = () => node.call('chain.get', { ...asked, part: 'payload' })
const blockOrPayload = () => node.call('chain.get', { ...asked, ...either })
const repsOfOne = () => node.call('chain.reps', { chain: '#chat', of: '1_ABCDEF' })
const repsOfAll = () => node.call('chain.reps', { chain: '#chat' })
const repsOfWhich = () => node.call('chain.reps', { chain: '#chat', ...which })
const fromNothing = () => node.call('chain.traverse', { chain: '#chat', from: [] })

test('a result has the shape that its params ask for, and both where they leave it open', () => {
  expectTypeOf(block).returns.resolves.toEqualTypeOf<BlockView>()
  expectTypeOf(payload).returns.resolves.toEqualTypeOf<string>()
  expectTypeOf(blockOrPayload).returns.resolves.toEqualTypeOf<ResultOf<'chain.get'>>()
  expectTypeOf(repsOfOne).returns.resolves.toEqualTypeOf<number | 'unlimited'>()
  expectTypeOf(repsOfAll).returns.resolves.toEqualTypeOf<
    { pub: string; reps: number | 'unlimited'; trusted?: boolean }[]
  >()
  expectTypeOf(repsOfWhich).returns.resolves.toEqualTypeOf<ResultOf<'chain.reps'>>()
  expectTypeOf(fromNothing).returns.resolves.toEqualTypeOf<string[]>()
})

// @ts-expect-error a name that the method does not have
export const unknownParam = () => node.call('chain.get', { ...asked, part: 'block', decript: 'x' })
