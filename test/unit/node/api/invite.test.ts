import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_INVITE_CHARS } from '../../../../src/node/control/port-limits.ts'
import {
  chainOfInvite,
  decodeInvite,
  encodeInvite,
  MAX_INVITE_PEERS,
  type Invite,
} from '../../../../src/node/api/invite.ts'
import { author, chain, must } from '../../../support/blocks.ts'
import { INVITES } from '../../../support/fuzz-samples.ts'
import { checkProperty } from '../../../support/property.ts'

const KEY = 'AB'.repeat(32)
const OTHER_KEY = 'CD'.repeat(32)
const FORUM = chain('#chat', author(1).author, author(2).author)
const GROUP = chain('$family', KEY)
const HOST = '/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const PEER = `/ip4/192.0.2.1/tcp/8331${HOST}`

function inviteTo({ params, id }: typeof FORUM, more: Partial<Invite> = {}): Invite {
  return { name: params.name, chain: id, pioneers: params.pioneers, peers: [PEER], ...more }
}

function codeOf(result: { ok: boolean; fault?: { code: string } }): string | undefined {
  return result.fault?.code
}

test.each(INVITES.map((invite) => [encodeInvite(invite), invite] as const))('%s is read back', (text, invite) => {
  expect(decodeInvite(text)).toEqual({ ok: true, value: invite })
})

test('an invite is one word that no shell and no mail alters, and is read in either case', () => {
  const text = encodeInvite(inviteTo(FORUM))
  expect(text).toMatch(/^freechains:1:[a-z2-7]+$/)
  const read = decodeInvite(text)
  expect(decodeInvite(text.toUpperCase())).toEqual(read)
  expect(decodeInvite(`  ${text}\n`)).toEqual(read)
})

test('the largest invite that is made is taken', () => {
  const pioneers = Array.from({ length: 30 }, (_, n) => author(n).author)
  const longest = chain(`#${'𐐀'.repeat(64)}`, ...pioneers)
  const name = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`
  const peers = Array.from({ length: MAX_INVITE_PEERS }, (_, n) => `/dns4/${name}/tcp/${String(n + 1)}${HOST}`)
  const text = encodeInvite(inviteTo(longest, { peers }))
  expect(text.length).toBeLessThanOrEqual(MAX_INVITE_CHARS)
  expect(must(chainOfInvite(must(decodeInvite(text)), [])).id).toBe(longest.id)
})

test('one that was cut anywhere, or has another character anywhere, is refused', () => {
  const text = encodeInvite(inviteTo(GROUP, { key: GROUP.params.key! }))
  const at = fc.nat({ max: text.length - 1 })
  checkProperty(
    'invite-cut',
    fc.property(at, (length) => {
      expect(codeOf(decodeInvite(text.slice(0, length)))).toBe('INVITE_MALFORMED')
    }),
  )
  checkProperty(
    'invite-altered',
    fc.property(at, fc.constantFrom('a', 'm', 'z', '2', '7', '=', '.', ' ', '/'), (position, character) => {
      fc.pre(text[position] !== character)
      const altered = text.slice(0, position) + character + text.slice(position + 1)
      expect(codeOf(decodeInvite(altered))).toMatch(/^INVITE_(MALFORMED|OTHER_VERSION)$/)
    }),
  )
})

test.each([
  ['nothing', ''],
  ['a chain', '#chat'],
  ['a prefix alone', 'freechains:1:'],
  ['padding', `${encodeInvite(inviteTo(FORUM))}=`],
  ['what is too long', `freechains:1:${'a'.repeat(MAX_INVITE_CHARS)}`],
])('%s is no invite', (_what, text) => {
  expect(codeOf(decodeInvite(text))).toBe('INVITE_MALFORMED')
})

test('one of another version says which', () => {
  const text = encodeInvite(inviteTo(FORUM)).replace(':1:', ':2:')
  expect(decodeInvite(text)).toEqual({ ok: false, fault: { code: 'INVITE_OTHER_VERSION', found: '2' } })
})

test.each<[string, Partial<Invite>]>([
  ['no name', { name: '' }],
  ['a name that would move the cursor', { name: '#\u001b[2J' }],
  ['a name with an invisible character', { name: '#cha\u200bt' }],
  ['a name that is not in normalization form C', { name: '#ola\u0301' }],
  ['a group without a name', { name: '$' }],
  ['a key in lower case for a name', { name: `@${author(1).author.toLowerCase()}` }],
  ['a peer without its id', { peers: ['/ip4/192.0.2.1/tcp/8331'] }],
  ['a peer that is not reached by TCP', { peers: [`/ip4/192.0.2.1/udp/8331${HOST}`] }],
  ['six peers', { peers: Array.from({ length: MAX_INVITE_PEERS + 1 }, () => PEER) }],
  ['a key to a forum', { key: GROUP.params.key! }],
  ['a founder beside pioneers', { founder: author(1).author }],
  ['31 pioneers', { pioneers: Array.from({ length: 31 }, (_, n) => author(n).author) }],
])('one with %s is refused, though its check holds', (_what, more) => {
  expect(codeOf(decodeInvite(encodeInvite(inviteTo(FORUM, more))))).toBe('INVITE_MALFORMED')
})

test('a founder is only for a forum without pioneers', () => {
  const open = chain('#open')
  const founder = author(1).author
  expect(decodeInvite(encodeInvite(inviteTo(open, { founder })))).toMatchObject({ ok: true, value: { founder } })
  expect(codeOf(decodeInvite(encodeInvite(inviteTo(GROUP, { founder }))))).toBe('INVITE_MALFORMED')
})

test('the chain is the one that name and keys make, and no other', () => {
  expect(must(chainOfInvite(inviteTo(FORUM), []))).toEqual(FORUM)
  const lied: Partial<Invite>[] = [
    { chain: GROUP.id },
    { name: '#chap' },
    { pioneers: FORUM.params.pioneers.slice(1) },
    { pioneers: [] },
  ]
  for (const lie of lied) expect(codeOf(chainOfInvite(inviteTo(FORUM, lie), []))).toBe('INVITE_MISMATCH')
  const key = chain('$family', OTHER_KEY).params.key!
  expect(codeOf(chainOfInvite(inviteTo(GROUP, { key }), []))).toBe('INVITE_MISMATCH')
  expect(codeOf(chainOfInvite(inviteTo(FORUM, { name: '#a b' }), []))).toBe('DAG_BAD_CHAIN_NAME')
})

test("a group's key comes with the invite or beside it, and has to be the right one", () => {
  const bare = inviteTo(GROUP)
  expect(codeOf(chainOfInvite(bare, []))).toBe('INVITE_NEEDS_KEY')
  expect(must(chainOfInvite(bare, [KEY.toLowerCase()]))).toEqual(GROUP)
  expect(codeOf(chainOfInvite(bare, [OTHER_KEY]))).toBe('INVITE_WRONG_KEY')
  expect(codeOf(chainOfInvite(bare, ['AB']))).toBe('DAG_BAD_KEY')
  expect(must(chainOfInvite(inviteTo(GROUP, { key: GROUP.params.key! }), []))).toEqual(GROUP)
  expect(codeOf(chainOfInvite(inviteTo(FORUM), [author(1).author]))).toBe('INVITE_TAKES_NO_KEYS')
})
