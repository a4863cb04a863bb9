/** Bytes of messages, kept: who changes one of these changes the protocol. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/dag/crypto.ts'
import { blockId } from '../../../src/dag/ids.ts'
import { encodeHello, encodeReply, encodeRequest } from '../../../src/protocol/codec.ts'

/** Fixed examples; these bytes never change. */
describe('vectors', () => {
  const named = (name: string): Uint8Array => sha256(new TextEncoder().encode(name))
  const chain = named('chain')
  const one = blockId(named('1'))
  const two = blockId(named('2'))
  const hex = (bytes: Uint8Array): string => bytesToHex(bytes)

  test('requests', () => {
    expect({
      hello: hex(encodeHello({ t: 'hello', v: 1, nonce: named('nonce') })),
      open: hex(encodeRequest({ t: 'open', id: 1, chain })),
      diff: hex(encodeRequest({ t: 'diff', id: 2, chain, have: [one] })),
      get: hex(encodeRequest({ t: 'get', id: 0xffff_ffff, chain, ids: [two] })),
      folds: hex(encodeRequest({ t: 'folds', id: 5, chain, prefixes: ['', '0', '018BCFE'] })),
    }).toMatchInlineSnapshot(`
      {
        "diff": "a46174646469666662696402646861766558206b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b65636861696e58209414886b1ebf025db067a4cbd13a0903fbd9733a5372bba1b58bd72c1699b798",
        "folds": "a4617465666f6c64736269640565636861696e58209414886b1ebf025db067a4cbd13a0903fbd9733a5372bba1b58bd72c1699b7986870726566697865738341004201004507018bcfe0",
        "get": "a46174636765746269641affffffff636964735820d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab3565636861696e58209414886b1ebf025db067a4cbd13a0903fbd9733a5372bba1b58bd72c1699b798",
        "hello": "a361746568656c6c6f617601656e6f6e6365582078377b525757b494427f89014f97d79928f3938d14eb51e20fb5dec9834eb304",
        "open": "a36174646f70656e6269640165636861696e58209414886b1ebf025db067a4cbd13a0903fbd9733a5372bba1b58bd72c1699b798",
      }
    `)
  })

  test('replies', () => {
    const absent = { headerBytes: Uint8Array.of(0xa0), state: 'absent' } as const
    const inline = { ...absent, state: 'inline', payload: Uint8Array.of(1, 2) } as const
    expect({
      opened: hex(encodeReply({ t: 'opened', id: 1, blocks: 2, heads: [two], more: false })),
      ids: hex(encodeReply({ t: 'ids', id: 2, ids: [two], more: false })),
      blocks: hex(encodeReply({ t: 'blocks', id: 3, asked: 2, blocks: [inline, absent] })),
      folds: hex(
        encodeReply({
          t: 'folds',
          id: 5,
          folds: [
            { ids: [two], ranks: [300] },
            {
              at: '018BCFE',
              parts: [
                { digit: 5, count: 32, fingerprint: named('5') },
                { digit: 15, count: 1, fingerprint: named('15') },
              ],
            },
          ],
        }),
      ),
      refuse: hex(encodeReply({ t: 'refuse', id: 4, code: 'unknown-chain' })),
    }).toMatchInlineSnapshot(`
      {
        "blocks": "a4617466626c6f636b73626964036561736b65640266626c6f636b73828341a0f64201028341a0f666616273656e74",
        "folds": "a3617465666f6c64736269640565666f6c647382a2636964735820d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab356572616e6b738119012ca26261744507018bcfe065706172747382830518205820ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d830f015820e629fa6598d732768f7c726b4b621285f9c3b85303900aa912017db7617d8bdb",
        "ids": "a461746369647362696402636964735820d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35646d6f7265f4",
        "opened": "a56174666f70656e656462696401646d6f7265f46568656164735820d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab3566626c6f636b7302",
        "refuse": "a36174667265667573656269640464636f64656d756e6b6e6f776e2d636861696e",
      }
    `)
  })
})
