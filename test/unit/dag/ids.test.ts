import { describe, expect, test } from 'vitest'
import { Bug } from '../../../src/dag/result.ts'
import {
  authorKey,
  blockId,
  chainId,
  genesisBlockId,
  idBytes,
  parseAuthorKey,
  parseChainId,
  payloadId,
  showId,
} from '../../../src/dag/ids.ts'

const bytes = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i)
const hex = 'A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF'

describe('§1, §3 ids', () => {
  test('each id is the upper-case hex of its 32 bytes, and gives them back', () => {
    for (const make of [blockId, chainId, authorKey, payloadId]) {
      expect(make(bytes)).toBe(hex)
      expect(idBytes(make(bytes))).toEqual(bytes)
    }
  })

  test('an id of other lengths is a defect of ours, not an input', () => {
    for (const make of [blockId, chainId, authorKey, payloadId]) {
      expect(() => make(bytes.subarray(1))).toThrow(Bug)
      expect(() => make(new Uint8Array(33))).toThrow(Bug)
    }
  })

  test('a public key is read in any case, and only whole', () => {
    expect(parseAuthorKey(hex.toLowerCase())).toEqual({ ok: true, value: hex })
    for (const text of ['', hex.slice(1), `${hex}0`, `G${hex.slice(1)}`, ` ${hex}`, `${hex}\n`]) {
      expect(parseAuthorKey(text)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_KEY' } })
    }
  })

  test('a chain id is read with its height or without, and never with another one', () => {
    expect(parseChainId(`0_${hex}`)).toEqual({ ok: true, value: hex })
    expect(parseChainId(hex.toLowerCase())).toEqual({ ok: true, value: hex })
    for (const text of ['', '0_', `1_${hex}`, `0_${hex}0`, `0_0_${hex}`]) {
      expect(parseChainId(text)).toEqual({ ok: false, fault: { code: 'DAG_BAD_ID', text } })
    }
  })

  test('ids are shown behind their height, the genesis as a back has its chain’s digest', () => {
    expect(showId(12, blockId(bytes))).toBe(`12_${hex}`)
    expect(genesisBlockId(chainId(bytes))).toBe(hex)
  })
})
