/** How many bytes are here and which payloads are wanted (spec §8), through all that may befall a payload. */
import { expect, test } from 'vitest'
import type { BlockId } from '../../../../../src/dag/ids.ts'
import { Stock } from '../../../../../src/node/chain/intake/payload-index.ts'
import { drawnId } from '../../../../support/draw.ts'

const id: BlockId = drawnId('any')
const LOADED = { heads: [], bytes: 1000, missing: [2, 5] }

function look(stock: Stock, index: number): [bytes: number, isHere: boolean, isMissing: boolean] {
  return [stock.bytes, stock.has(index), stock.missing.has(index)]
}

test('of what was loaded, those payloads are missing that are wanted', () => {
  const stock = new Stock(LOADED, (index) => index !== 5)
  expect([look(stock, 1), look(stock, 2), look(stock, 5)]).toEqual([
    [1000, true, false],
    [1000, false, true],
    [1000, false, false],
  ])
})

test('a payload that is deleted is wanted only when asked for, and counts again when it comes', () => {
  const stock = new Stock(LOADED, () => true)
  stock.addBlock(50)
  stock.addPayload(7, 30)
  expect(look(stock, 7)).toEqual([1080, true, false])
  stock.dropped({ index: 7, id, size: 30 })
  expect(look(stock, 7)).toEqual([1050, false, false])
  stock.dropped({ index: 7, id, size: 30 })
  stock.unwant(7)
  expect(look(stock, 7)).toEqual([1050, false, false])
  stock.want(7)
  expect(look(stock, 7)).toEqual([1050, false, true])
  stock.addPayload(7, 30)
  expect(look(stock, 7)).toEqual([1080, true, false])
})

test('one that did not come is missing while it is wanted', () => {
  const stock = new Stock(LOADED, () => true)
  stock.lack(8)
  expect(look(stock, 8)).toEqual([1000, false, false])
  stock.want(8)
  expect(look(stock, 8)).toEqual([1000, false, true])
  stock.unwant(8)
  stock.dropped({ index: 8, id, size: 30 })
  expect(look(stock, 8)).toEqual([1000, false, false])
})

test('one that is here is not missing, though wanted', () => {
  const stock = new Stock(LOADED, () => true)
  stock.want(1)
  expect(look(stock, 1)).toEqual([1000, true, false])
})
