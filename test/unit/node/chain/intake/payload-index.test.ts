/** How many bytes are here and which payloads are wanted (spec §8), through all that may befall a payload. */
import { expect, test } from 'vitest'
import type { BlockId } from '../../../../../src/dag/ids.ts'
import { PayloadIndex } from '../../../../../src/node/chain/intake/payload-index.ts'
import { drawnId } from '../../../../support/draw.ts'

const id: BlockId = drawnId('any')
const LOADED = { heads: [], bytes: 1000, missing: [2, 5], aside: new Map<number, number>() }

function look(payloadIndex: PayloadIndex, index: number): [bytes: number, isHere: boolean, isMissing: boolean] {
  return [payloadIndex.bytes, payloadIndex.has(index), payloadIndex.missing.has(index)]
}

test('of what was loaded, those payloads are missing that are wanted', () => {
  const payloadIndex = new PayloadIndex(LOADED, (index) => index !== 5)
  expect([look(payloadIndex, 1), look(payloadIndex, 2), look(payloadIndex, 5)]).toEqual([
    [1000, true, false],
    [1000, false, true],
    [1000, false, false],
  ])
})

test('a payload that is deleted is wanted only when asked for, and counts again when it comes', () => {
  const payloadIndex = new PayloadIndex(LOADED, () => true)
  payloadIndex.addBlock(50)
  payloadIndex.addPayload(7, 30)
  expect(look(payloadIndex, 7)).toEqual([1080, true, false])
  payloadIndex.dropped({ index: 7, id, size: 30 })
  expect(look(payloadIndex, 7)).toEqual([1050, false, false])
  payloadIndex.dropped({ index: 7, id, size: 30 })
  payloadIndex.unwant(7)
  expect(look(payloadIndex, 7)).toEqual([1050, false, false])
  payloadIndex.want(7)
  expect(look(payloadIndex, 7)).toEqual([1050, false, true])
  payloadIndex.addPayload(7, 30)
  expect(look(payloadIndex, 7)).toEqual([1080, true, false])
})

test('one that did not come is missing while it is wanted', () => {
  const payloadIndex = new PayloadIndex(LOADED, () => true)
  payloadIndex.lack(8)
  expect(look(payloadIndex, 8)).toEqual([1000, false, false])
  payloadIndex.want(8)
  expect(look(payloadIndex, 8)).toEqual([1000, false, true])
  payloadIndex.unwant(8)
  payloadIndex.dropped({ index: 8, id, size: 30 })
  expect(look(payloadIndex, 8)).toEqual([1000, false, false])
})

test('one that is here is not missing, though wanted', () => {
  const payloadIndex = new PayloadIndex(LOADED, () => true)
  payloadIndex.want(1)
  expect(look(payloadIndex, 1)).toEqual([1000, true, false])
})
