import { expect, test } from 'vitest'
import { guardedLookup, NotPublic } from '../../../../../src/node/net/host/guarded-lookup.ts'

const NAMES: Readonly<Record<string, string[]>> = {
  inner: ['127.0.0.1', '10.0.0.1'],
  mixed: ['::1', '20.0.0.1', '10.0.0.1'],
}

function look(name: string, all: boolean, ofUser: readonly string[] = []): Promise<unknown> {
  const lookup = guardedLookup(
    { isOfUser: (asked) => ofUser.includes(asked), onUserName: () => undefined },
    (asked, _options, done) => {
      const found = NAMES[asked]
      if (found === undefined) done(new Error('unknown'), [])
      else
        done(
          null,
          found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        )
    },
  )
  return new Promise((resolve) => {
    lookup(name, { all }, (error, found) => resolve(error ?? found))
  })
}

test('a name that a peer told is looked up for public addresses alone', async () => {
  expect(await look('mixed', false)).toBe('20.0.0.1')
  expect(await look('mixed', true)).toEqual([{ address: '20.0.0.1', family: 4 }])
  expect(await look('inner', true)).toBeInstanceOf(NotPublic)
  expect(await look('nowhere', true)).toEqual(new Error('unknown'))
})

test('a name of the user stands for whatever it stands for', async () => {
  expect(await look('inner', false, ['inner'])).toBe('127.0.0.1')
})
