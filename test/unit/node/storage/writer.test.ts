import { expect, test } from 'vitest'
import { BatchWriter, type Level, type WriteOp } from '../../../../src/node/storage/writer.ts'

/** Notes how each batch came: as a list, or op by op. */
function noting(): { readonly db: Level; readonly came: string[] } {
  const came: string[] = []
  const chained = { put: () => chained, del: () => chained, write: () => Promise.resolve(void came.push('op by op')) }
  const batch = (ops?: readonly WriteOp[]): unknown =>
    ops === undefined ? chained : Promise.resolve(void came.push(`a list of ${String(ops.length)}`))
  return { db: { batch } as unknown as Level, came }
}

const put = (bytes: number): WriteOp => ({ type: 'put', key: 'k', value: new Uint8Array(bytes) })

test('large rows are written as a list, whose copy of them goes with it; small ones op by op, which is faster', async () => {
  const { db, came } = noting()
  const writer = new BatchWriter(db)
  await writer.write([put(256 * 1024), put(20)], false)
  await writer.write(
    Array.from({ length: 100 }, () => put(300)),
    false,
  )
  await writer.write([put(64 * 1024)], true)
  expect(came).toEqual(['a list of 2', 'op by op', 'a list of 1'])
  await writer.close()
})
