import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import { resolveTargets, type LookUp } from '../../../../src/node/api/peer-check-dial.ts'
import { soon } from '../../../support/hosts.ts'

const PEER = '/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const BOTH = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

async function resolve(address: string, lookUp: LookUp): Promise<unknown> {
  const found = await resolveTargets(multiaddr(address), soon(), lookUp)
  return found.ok ? found.value.map(String) : found.fault.why
}

function never(): ReturnType<LookUp> {
  throw new Error('nobody is asked')
}

test('an IP address is dialled as it stands, and nobody is asked about it', async () => {
  expect(await resolve(`/ip4/127.0.0.1/tcp/9${PEER}`, never)).toEqual(['/ip4/127.0.0.1/tcp/9'])
  expect(await resolve('/ip6/::1/tcp/9', never)).toEqual(['/ip6/::1/tcp/9'])
})

test('a name stands for its addresses, a handful at the most, in the family that is asked for', async () => {
  const asked: unknown[] = []
  const lookUp: LookUp = async (name, options) => {
    asked.push([name, options.family])
    return [...BOTH, ...BOTH, ...BOTH]
  }
  const both = ['/ip6/::1/tcp/9', '/ip4/127.0.0.1/tcp/9']
  expect(await resolve(`/dns/a.example/tcp/9${PEER}`, lookUp)).toEqual([...both, ...both])
  await resolve('/dns4/a.example/tcp/9', lookUp)
  await resolve('/dns6/a.example/tcp/9', lookUp)
  expect(asked).toEqual([
    ['a.example', 0],
    ['a.example', 4],
    ['a.example', 6],
  ])
})

test('a name that nobody knows is told, and so is a name service that does not answer', async () => {
  const unknown: LookUp = () => Promise.reject(new Error('getaddrinfo ENOTFOUND a.example'))
  expect(await resolve('/dns/a.example/tcp/9', unknown)).toBe(
    'a.example has no address: getaddrinfo ENOTFOUND a.example',
  )
  const silent = await resolveTargets(
    multiaddr('/dns/a.example/tcp/9'),
    AbortSignal.abort(),
    () => new Promise(() => {}),
  )
  expect(silent).toMatchObject({
    ok: false,
    fault: { why: expect.stringMatching(/^no answer about a\.example/) as string },
  })
})
