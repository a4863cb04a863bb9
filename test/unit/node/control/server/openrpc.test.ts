/** The OpenRPC document, checked by an independent validator (spec §10). */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CONTROL_CODES, RPC_CODES, START_CODES } from '../../../../../src/node/control/error-codes.ts'
import { openRpcDocument } from '../../../../../src/node/control/server/openrpc.ts'
import { METHODS, READS, type Method } from '../../../../../src/node/control/schema.ts'
import { CONTROL_PARAMS } from '../../../../support/fuzz-samples.ts'
import { problemsOfDocument, Reader, type Document } from '../../../../support/openrpc.ts'
import { rawUnix, request, startRig } from '../rig.ts'
import { checkProperty } from '../../../../support/property.ts'

const document = openRpcDocument() as unknown as Document
const reader = new Reader(document)
const names = Object.keys(METHODS) as Method[]

test('it is a valid OpenRPC document, and the check can fail', () => {
  expect(problemsOfDocument(document)).toEqual([])
  expect(problemsOfDocument({ ...document, methods: [{ name: 'no-params' }] })).not.toEqual([])
})

test('rpc.discover answers it, over the wire as it is', async () => {
  const raw = (await rawUnix(await startRig())).send(request('rpc.discover'))
  expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: JSON.parse(JSON.stringify(document)) as unknown })
})

test('it has every method and every code that can answer a call, and marks what changes nothing', () => {
  expect(reader.methods).toEqual(names)
  const codes = [...Object.keys(RPC_CODES), ...Object.keys(CONTROL_CODES)]
  expect(Object.keys(reader.errors)).toEqual(codes.filter((code) => !START_CODES.some((start) => start === code)))
  for (const [name, { code, data }] of Object.entries(reader.errors)) {
    expect([data.code, code]).toEqual([name, Object.entries(RPC_CODES).find(([key]) => key === name)?.[1] ?? 1])
  }
  const reads = document.methods.filter((method) => 'x-changes-nothing' in method).map(({ name }) => name)
  expect(reads.sort()).toEqual([...READS].sort())
})

/** Nearly valid params: some missing, some of another type, one too many. */
function nearly(sample: object): fc.Arbitrary<Record<string, unknown>> {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.constantFrom<unknown>(true, 1, -1, '', 'x', [], ['x'], {}, null),
  )
  const entries = Object.entries(sample).map(([key, right]) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constant([key, right] as const) },
      fc.constant(undefined),
      value.map((wrong) => [key, wrong] as const),
    ),
  )
  const extra = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    value.map((wrong) => ['unknown', wrong] as const),
  )
  return fc.tuple(...entries, extra).map((all) => Object.fromEntries(all.filter((entry) => entry !== undefined)))
}

describe.each(names)('%s', (method) => {
  const { params } = METHODS[method]

  test('right params are right by the document', () => {
    expect(reader.params(method, CONTROL_PARAMS[method])).toEqual([])
  })

  test('the document refuses what the daemon refuses, and nothing else', () => {
    checkProperty(
      `openrpc-params-${method.replaceAll('.', '-')}`,
      fc.property(nearly(CONTROL_PARAMS[method]), (given) => {
        // JSON Schema cannot express that text is base64.
        if (given['payload'] !== undefined && typeof given['payload'] === 'string') given['payload'] = 'QQ=='
        expect(reader.params(method, given).length === 0).toBe(params.safeParse(given).success)
      }),
      { numRuns: 300 },
    )
  })
})
