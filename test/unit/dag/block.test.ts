import { describe, expect, test } from 'vitest'
import { checkPayload, checkStructure, decodeBlock, makeBlock, verifyBlock } from '../../../src/dag/block.ts'
import type { Chain } from '../../../src/dag/chain.ts'
import { encodeAad } from '../../../src/dag/codec.ts'
import type { DagFault } from '../../../src/dag/faults.ts'
import { Bug } from '../../../src/dag/result.ts'
import type { Block, Header } from '../../../src/dag/header.ts'
import { genesisBlockId } from '../../../src/dag/ids.ts'
import { openGroup, openOwner } from '../../../src/dag/seal.ts'
import { author, bytes, chain, like, must, post } from '../../support/blocks.ts'

const owner = author(0)
const forum = chain('#forum')
const withPioneer = chain('#forum', author(1).author)
const group = chain('$group', '5A'.repeat(32))
const identity = chain(`@${owner.author}`)
const ownerOnly = chain(`@!${owner.author}`)

const KIB = 1024
const MIB = 1024 * KIB

/** The code of the fault, or 'ok'. */
function verdict(on: Chain, header: Header): DagFault['code'] | 'ok' {
  const result = checkStructure(on, header)
  return result.ok ? 'ok' : result.fault.code
}

/** The header of a block made with others' rules, with anything a test wants to have wrong. */
function altered(block: Block, changes: Partial<Header>, pay: Partial<Header['pay']> = {}): Header {
  return { ...block.header, ...changes, pay: { ...block.header.pay, ...pay } }
}

function anonymous({ header }: Block): Header {
  const { author: _author, ...unsigned } = header
  return unsigned
}

describe('§3 the genesis and height 1', () => {
  const first = post(forum, { author: 1 }).block
  const second = post(forum, { backs: [first], author: 2 }).block
  const genesis = genesisBlockId(forum.id)

  test('a block of height 1 stands on the genesis alone', () => {
    expect(verdict(forum, first.header)).toBe('ok')
    expect(first.header).toMatchObject({ height: 1, backs: [genesis] })
    expect(verdict(forum, altered(second, { height: 1 }))).toBe('DAG_BAD_BACKS')
    expect(verdict(forum, altered(first, { backs: [genesis, first.id].sort() }))).toBe('DAG_BAD_BACKS')
  })

  test('nothing of another height stands on it', () => {
    expect(verdict(forum, altered(first, { height: 2 }))).toBe('DAG_BAD_HEIGHT')
    expect(verdict(withPioneer, first.header)).toBe('DAG_BAD_BACKS')
  })
})

describe('§2 who must sign', () => {
  test('the first post of a forum without pioneers, and it alone among its posts', () => {
    const first = post(forum, { author: 1 }).block
    expect(verdict(forum, anonymous(first))).toBe('DAG_UNSIGNED')
    expect(verdict(forum, post(forum, { backs: [first] }).block.header)).toBe('ok')
    expect(verdict(withPioneer, post(withPioneer).block.header)).toBe('ok')
  })

  test('nobody in groups and identity chains', () => {
    for (const on of [group, identity]) expect(verdict(on, post(on).block.header)).toBe('ok')
  })

  test('the owner in an owner-only chain, always', () => {
    const { block } = post(ownerOnly, { author: 0 })
    expect(verdict(ownerOnly, block.header)).toBe('ok')
    expect(verdict(ownerOnly, anonymous(block))).toBe('DAG_NOT_OWNER')
    expect(verdict(ownerOnly, altered(block, { author: author(1).author }))).toBe('DAG_NOT_OWNER')
  })

  test('whoever likes, everywhere', () => {
    for (const on of [forum, group, identity]) {
      const first = post(on, { author: 1 }).block
      const { block } = like(on, 1, first, { backs: [first], author: 0 })
      expect(verdict(on, block.header)).toBe('ok')
      expect(verdict(on, anonymous(block))).toBe('DAG_UNSIGNED')
    }
  })
})

test('§3 a like is of a post that can be in its past', () => {
  const first = post(forum, { author: 1 }).block
  const second = post(forum, { backs: [first], author: 2 }).block
  const genesis = genesisBlockId(forum.id)
  expect(verdict(forum, altered(second, { like: { n: 1, target: genesis } }))).toBe('DAG_BAD_LIKE')
  expect(verdict(forum, altered(first, { like: { n: -1, target: second.id } }))).toBe('DAG_BAD_LIKE')
})

describe('§3 what a post says of itself', () => {
  const first = post(forum, { author: 1 }).block
  const labelled = post(forum, {
    author: 2,
    backs: [first],
    label: { type: 'text/plain', name: 'a.txt' },
    re: first,
  }).block

  test('is inside the hash, and absent by default', () => {
    expect(labelled.header).toMatchObject({ re: first.id, pay: { type: 'text/plain', name: 'a.txt' } })
    const plain = post(forum, { author: 2, backs: [first] }).block
    expect(Object.keys(plain.header.pay).sort()).toEqual(['id', 'seal', 'size'])
    expect('re' in plain.header).toBe(false)
    const made = [
      labelled,
      plain,
      post(forum, { author: 2, backs: [first], re: first }).block,
      post(forum, { author: 2, backs: [first], label: { type: 'text/plain' } }).block,
      post(forum, { author: 2, backs: [first], label: { name: 'a.txt' } }).block,
    ]
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length)
    for (const { header } of made) expect(verdict(forum, header)).toBe('ok')
  })

  test('is refused in a like, whichever it is', () => {
    const { block } = like(forum, 1, first, { author: 2, backs: [first] })
    expect(verdict(forum, block.header)).toBe('ok')
    expect(verdict(forum, altered(block, { re: first.id }))).toBe('DAG_BAD_LIKE')
    expect(verdict(forum, altered(block, {}, { type: 'text/plain' }))).toBe('DAG_BAD_LIKE')
    expect(verdict(forum, altered(block, {}, { name: 'a.txt' }))).toBe('DAG_BAD_LIKE')
  })

  test('does not stand in the clear beside a payload that only the owner reads', () => {
    const { block } = post(identity, { author: 1, toOwner: true })
    expect(verdict(identity, altered(block, {}, { type: 'text/plain' }))).toBe('DAG_BAD_LABEL')
    expect(verdict(identity, altered(block, {}, { name: 'a.txt' }))).toBe('DAG_BAD_LABEL')
    const second = post(identity, { author: 1, backs: [block], toOwner: true, re: block }).block
    expect(verdict(identity, second.header)).toBe('ok')
  })

  test('a first block answers nothing, and the genesis is no post', () => {
    const genesis = genesisBlockId(forum.id)
    expect(verdict(forum, altered(first, { re: labelled.id }))).toBe('DAG_BAD_REPLY')
    expect(verdict(forum, altered(labelled, { re: genesis }))).toBe('DAG_BAD_REPLY')
  })

  test('a label that no peer would read is a fault, before anything is sealed', () => {
    for (const on of [forum, group, identity]) {
      const parts = { chain: on, height: 1, time: 1, backs: [genesisBlockId(on.id)], pvt: author(0) }
      const made = makeBlock({
        ...parts,
        payload: bytes('x'),
        random: () => new Uint8Array(32),
        label: { name: 'a/b' },
      })
      expect(made).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_LABEL' } })
    }
  })

  test('in a group it is bound to the seal: altered, the payload does not open', () => {
    const made = post(group, { payload: 'hello', label: { type: 'text/plain', name: 'a.txt' } })
    expect(checkPayload(group, made.block, made.payload).ok).toBe(true)
    for (const pay of [{ name: 'b.txt' }, { type: 'text/html' }]) {
      const other = { ...made.block, header: altered(made.block, {}, pay) }
      expect(checkPayload(group, other, made.payload)).toMatchObject({ fault: { code: 'DAG_BAD_PAYLOAD' } })
    }
  })
})

describe('§3 payloads', () => {
  test('are sealed under the shared key in groups always, and nowhere else', () => {
    expect(post(group).block.header.pay.seal).toBe('group')
    expect(verdict(group, altered(post(group).block, {}, { seal: 'none' }))).toBe('DAG_BAD_SEAL')
    expect(verdict(group, altered(post(group).block, {}, { seal: 'owner' }))).toBe('DAG_BAD_SEAL')
    expect(verdict(withPioneer, altered(post(withPioneer).block, {}, { seal: 'group' }))).toBe('DAG_BAD_SEAL')
  })

  test('are sealed to the owner only where there is one', () => {
    expect(post(identity, { toOwner: true }).block.header.pay.seal).toBe('owner')
    expect(post(ownerOnly, { author: 0, toOwner: true }).block.header.pay.seal).toBe('owner')
    expect(verdict(withPioneer, altered(post(withPioneer).block, {}, { seal: 'owner' }))).toBe('DAG_BAD_SEAL')
  })

  test.each<[string, Chain, number | undefined, number]>([
    ['a forum, even from its pioneer', withPioneer, 1, 128 * KIB],
    ['an identity chain from others', identity, 1, 128 * KIB],
    ['an identity chain from nobody', identity, undefined, 128 * KIB],
    ['an identity chain from its owner', identity, 0, 64 * MIB],
    ['an owner-only chain', ownerOnly, 0, 64 * MIB],
    ['a group', group, undefined, 64 * MIB],
  ])('are limited in %s', (_title, on, by, limit) => {
    const { block } = post(on, by === undefined ? {} : { author: by })
    expect(verdict(on, altered(block, {}, { size: limit }))).toBe('ok')
    const seal = on === group ? 40 : 0
    const fault = { code: 'DAG_PAYLOAD_TOO_LARGE', bytes: limit + 1, limit, seal }
    expect(checkStructure(on, altered(block, {}, { size: limit + 1 }))).toEqual({ ok: false, fault })
  })

  test('have the size and digest that the header says', () => {
    const { block, payload } = post(forum, { author: 1, payload: 'hello' })
    expect(checkPayload(forum, block, payload).ok).toBe(true)
    for (const wrong of ['hellO', 'hell', '']) {
      expect(checkPayload(forum, block, bytes(wrong))).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_PAYLOAD' } })
    }
  })

  test('open in groups, each with its own header only', () => {
    const { block, payload } = post(group, { author: 1, payload: 'hello' })
    expect(must(openGroup(group.params.key ?? bytes(''), encodeAad(block.header), payload))).toEqual(bytes('hello'))
    expect(checkPayload(group, block, payload).ok).toBe(true)
    const moved = { ...block, header: { ...block.header, height: 7 } }
    expect(checkPayload(group, moved, payload)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_PAYLOAD' } })
    const outsider = chain('$group', '5B'.repeat(32))
    expect(checkPayload(outsider, block, payload)).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_PAYLOAD' } })
  })
})

describe('making blocks', () => {
  const parts = { chain: forum, height: 1, time: 5, payload: bytes('hello'), random: () => new Uint8Array(32) }

  test('signed and verifiable; backs in any order and repeated come out in theirs', () => {
    const [a, b] = [1, 2].map((n) => post(withPioneer, { author: n }).block) as [Block, Block]
    const made = must(makeBlock({ ...parts, chain: withPioneer, height: 2, backs: [b.id, a.id, b.id], pvt: author(3) }))
    expect(made.block.header.backs).toEqual([a.id, b.id].sort())
    expect(made.payload).toEqual(bytes('hello'))
    expect(verifyBlock(made.block)).toBe(true)
    expect(verifyBlock({ ...made.block, id: a.id })).toBe(false)
  })

  test('sealed to the owner, who alone reads it', () => {
    const { block, payload } = post(identity, { toOwner: true, payload: 'psst' })
    expect(checkPayload(identity, block, payload).ok).toBe(true)
    expect(must(openOwner(owner, payload))).toEqual(bytes('psst'))
  })

  test('a post that the rules refuse is not made', () => {
    const genesis = [genesisBlockId(forum.id)]
    expect(makeBlock({ ...parts, backs: genesis })).toMatchObject({ fault: { code: 'DAG_UNSIGNED' } })
    const signed = { ...parts, backs: genesis, pvt: author(1) }
    expect(makeBlock({ ...signed, toOwner: true })).toMatchObject({ fault: { code: 'DAG_BAD_SEAL' } })
    const large = new Uint8Array(128 * KIB + 1)
    expect(makeBlock({ ...signed, payload: large })).toMatchObject({ fault: { code: 'DAG_PAYLOAD_TOO_LARGE' } })
    const sealed = { ...signed, chain: group, backs: [genesisBlockId(group.id)] }
    expect(() => makeBlock({ ...sealed, random: () => new Uint8Array(24) })).toThrow(Bug)
  })
})

describe('§3 reading blocks', () => {
  test('header and signature make the block again', () => {
    const { block } = post(forum, { author: 1 })
    expect(must(decodeBlock(block.headerBytes, block.signature))).toEqual(block)
    const unsigned = post(identity).block
    expect(must(decodeBlock(unsigned.headerBytes))).toEqual(unsigned)
    expect(verifyBlock(unsigned)).toBe(true)
  })

  test('a signature is there if and only if there is an author', () => {
    const { headerBytes, signature = bytes('') } = post(forum, { author: 1 }).block
    const unsigned = post(identity).block
    const badSignature = { ok: false, fault: { code: 'DAG_BAD_SIGNATURE' } }
    expect(decodeBlock(headerBytes)).toEqual(badSignature)
    expect(decodeBlock(headerBytes, signature.subarray(1))).toEqual(badSignature)
    expect(decodeBlock(unsigned.headerBytes, signature)).toEqual(badSignature)
  })

  test('bytes that are no header give its fault', () => {
    expect(decodeBlock(bytes('x'))).toMatchObject({ ok: false, fault: { code: 'DAG_BAD_HEADER' } })
  })
})
