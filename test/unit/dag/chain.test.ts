import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainOf, isChainName, isUnlimited, showChainId, typedName } from '../../../src/dag/chain.ts'
import { author, chain, must } from '../../support/blocks.ts'
import { checkProperty } from '../../support/property.ts'

const PUB = author(1).author
const OTHER = author(2).author
const SHARED = '5A'.repeat(32)

describe('§2 what makes a chain', () => {
  test('each sign makes its kind', () => {
    expect(chain('#').params).toEqual({ kind: 'forum', name: '#', pioneers: [] })
    expect(chain('$g', SHARED).params).toMatchObject({ kind: 'group', name: '$g', key: new Uint8Array(32).fill(0x5a) })
    expect(chain(`@${PUB}`).params).toEqual({ kind: 'identity', name: `@${PUB}`, pioneers: [], owner: PUB })
    expect(chain(`@!${PUB}`).params).toMatchObject({ kind: 'owner-only', name: `@!${PUB}`, owner: PUB })
  })

  test('the same parameters make the same chain, however they are typed', () => {
    const forum = chain('#f', PUB, OTHER)
    expect(chain('#f', OTHER.toLowerCase(), PUB, OTHER)).toEqual(forum)
    expect(chain(`@${PUB.toLowerCase()}`)).toEqual(chain(`@${PUB}`))
    expect(chain('$g', 'ab'.repeat(32))).toEqual(chain('$g', 'AB'.repeat(32)))
    expect(showChainId(forum)).toBe(`0_${forum.id}`)
  })

  test('other parameters make another chain, found elsewhere', () => {
    const made = [
      chain('#f'),
      chain('#F'),
      chain('#f', PUB),
      chain('#f', OTHER),
      chain('#f', PUB, OTHER),
      chain('$f', SHARED),
      chain('$f', '5B'.repeat(32)),
      chain(`@${PUB}`),
      chain(`@!${PUB}`),
    ]
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length)
    expect(new Set(made.map(({ rendezvous }) => rendezvous.join())).size).toBe(made.length)
  })

  test('a group’s key is not in what its genesis says', () => {
    const { genesisBytes } = chain('$g', SHARED)
    expect(Buffer.from(genesisBytes).includes(Buffer.from(SHARED, 'hex'))).toBe(false)
  })
})

describe('§2 names of any script', () => {
  test.each([
    '#',
    '#olá',
    '#Ümläut_1',
    '#日本語',
    '#हिन्दी',
    '#עברית',
    '#العربية.1',
    '#l·l',
    '#٣-३',
    `#${'𐐀'.repeat(64)}`,
  ])('%s is one', (name) => {
    expect(chain(name).params.name).toBe(name)
    expect(isChainName(name)).toBe(true)
    if (name !== '#') expect(chain(`$${name.slice(1)}`, SHARED).params.kind).toBe('group')
  })

  test('a typed name gets the form that names have; another spelling makes no other chain', () => {
    expect(typedName('#ola\u0301')).toBe('#olá')
    expect(chain(typedName('#ola\u0301')).id).toBe(chain('#olá').id)
  })

  test('a name as spelt is one that a chain has', () => {
    checkProperty(
      'chain-name-as-spelt',
      fc.property(
        fc.string({
          unit: fc.oneof(fc.constantFrom('a', 'á', '\u0301', '.', '/', '\u200d'), fc.string({ unit: 'binary' })),
        }),
        fc.constantFrom('', '#', '$', '@', '@!'),
        (text, sign) => {
          const name = sign + text
          const made = chainOf(name, name.startsWith('$') ? [SHARED] : [])
          expect(isChainName(name)).toBe(made.ok && made.value.params.name === name)
        },
      ),
    )
    for (const name of [`@${PUB}`, `@!${PUB}`]) expect(isChainName(name)).toBe(true)
    for (const name of [`@${PUB.toLowerCase()}`, PUB, '@', '']) expect(isChainName(name)).toBe(false)
  })
})

describe('§2 what is refused, and what to do about it', () => {
  test.each([
    ['forum', 'begin it with its kind'],
    ['', 'begin it with its kind'],
    ['#a b', 'use only letters'],
    ['#a\n', 'use only letters'],
    ['##a', 'use only letters'],
    ['#a/b', 'use only letters'],
    ['#😀', 'use only letters'],
    ['#a\u00a0b', 'use only letters'],
    ['#a\u200bb', 'use only letters'],
    ['#a\u200db', 'use only letters'],
    ['#a\u202eb', 'use only letters'],
    ['#a\u00ad', 'use only letters'],
    ['#a\ufe0f', 'use only letters'],
    ['#\u3164', 'use only letters'],
    ['#a\ufffd', 'use only letters'],
    ['#a\ud800', 'use only letters'],
    ['#ola\u0301', 'normalization form C'],
    ['#\u212b', 'normalization form C'],
    ['$', 'give the group a name'],
    [`#${'𐐀'.repeat(65)}`, 'use at most 64 characters'],
    [`#${'a'.repeat(65)}`, 'use at most 64 characters'],
    [`$${'a'.repeat(65)}`, 'use at most 64 characters'],
    ['@', 'public key of 64 hex digits behind @'],
    [`@${PUB}0`, 'public key of 64 hex digits behind @'],
    ['@!xyz', 'public key of 64 hex digits behind @!'],
    [`@!!${PUB}`, 'public key of 64 hex digits behind @!'],
  ])('the name %j', (name, why) => {
    const keys = name.startsWith('$') ? [SHARED] : []
    expect(chainOf(name, keys)).toMatchObject({
      ok: false,
      fault: { code: 'DAG_BAD_CHAIN_NAME', name, why: expect.stringContaining(why) as string },
    })
  })

  test.each([
    ['#f', ['12'], 'each pioneer'],
    ['#f', Array.from({ length: 31 }, (_, n) => author(n).author), 'at most 30 pioneers'],
    ['$g', [], 'exactly one shared key'],
    ['$g', [SHARED, SHARED], 'exactly one shared key'],
    ['$g', [`${SHARED}00`], 'exactly one shared key'],
    ['$g', ['ZZ'.repeat(32)], 'exactly one shared key'],
    [`@${PUB}`, [PUB], 'no key for an identity chain'],
    [`@!${PUB}`, [PUB], 'no key for an identity chain'],
  ])('%s with the wrong keys', (name, keys, expected) => {
    expect(chainOf(name, keys)).toMatchObject({
      ok: false,
      fault: { code: 'DAG_BAD_KEY', expected: expect.stringContaining(expected) as string },
    })
  })

  test('no text whatever throws', () => {
    checkProperty(
      'chain-params-never-throw',
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '#', '$', '@', '@!'), (text, sign) => {
        chainOf(sign + text, [])
        chainOf(sign, [text])
      }),
    )
  })
})

test('4.d, 4.e groups are unlimited for everybody, chains with an owner for the owner alone', () => {
  expect(isUnlimited(chain('$g', SHARED).params, undefined)).toBe(true)
  expect(isUnlimited(chain('#f', PUB).params, PUB)).toBe(false)
  for (const sign of ['@', '@!']) {
    const { params } = must(chainOf(sign + PUB, []))
    expect([PUB, OTHER, undefined].map((by) => isUnlimited(params, by))).toEqual([true, false, false])
  }
})
