import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { describe, expect, test } from 'vitest'
import { loadOrCreateNodeKey, NODE_KEY_RECORD } from '../../../../src/node/storage/node-key.ts'

function fakeRecords(stored?: Uint8Array) {
  const kept = new Map<string, Uint8Array>(stored === undefined ? [] : [[NODE_KEY_RECORD, stored]])
  return {
    kept,
    get: async (name: string) => kept.get(name),
    put: async (name: string, bytes: Uint8Array) => {
      kept.set(name, bytes)
    },
  }
}

describe('node key', () => {
  test('the first start makes an Ed25519 key and later starts find the same one', async () => {
    const records = fakeRecords()
    const first = await loadOrCreateNodeKey(records)
    const second = await loadOrCreateNodeKey(records)
    expect(first.ok && second.ok && first.value.equals(second.value)).toBe(true)
    const other = await loadOrCreateNodeKey(fakeRecords())
    expect(first.ok && other.ok && first.value.equals(other.value)).toBe(false)
  })

  test('a record with any one bit flipped is a fault, and is neither replaced nor changed', async () => {
    const good = privateKeyToProtobuf(await generateKeyPair('Ed25519'))
    for (let at = 0; at < good.byteLength; at++) {
      const damaged = good.slice()
      damaged[at]! ^= 0x10
      const records = fakeRecords(damaged)
      const loaded = await loadOrCreateNodeKey(records)
      expect(loaded, `byte ${at}`).toEqual({ ok: false, fault: { code: 'NODE_KEY_DAMAGED', record: NODE_KEY_RECORD } })
      expect(records.kept.get(NODE_KEY_RECORD)).toBe(damaged)
    }
  })

  test.each([
    ['empty', async () => new Uint8Array(0)],
    ['cut short', async () => privateKeyToProtobuf(await generateKeyPair('Ed25519')).slice(0, 40)],
    ['longer than a key', async () => Uint8Array.of(...privateKeyToProtobuf(await generateKeyPair('Ed25519')), 0)],
    ['a key of another kind', async () => privateKeyToProtobuf(await generateKeyPair('secp256k1'))],
  ])('a record that is %s is a fault', async (_what, bytes) => {
    const loaded = await loadOrCreateNodeKey(fakeRecords(await bytes()))
    expect(!loaded.ok && loaded.fault.code).toBe('NODE_KEY_DAMAGED')
  })
})
