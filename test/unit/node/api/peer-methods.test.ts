/** An address that shows this node's own id (spec §9) is no peer: it is this node, or another one with its key. */
import { expect, test } from 'vitest'
import type { NodeParts } from '../../../../src/node/api/node-parts.ts'
import { peerHandlers } from '../../../../src/node/api/peer-methods.ts'
import type { Twin } from '../../../../src/node/net/host/key-twins.ts'

const ADDRESS = '/ip4/192.168.1.7/tcp/8331'

/** What `peer add` says of an address of which libp2p says, when it dials, that it is this node; `there` is who runs there. */
async function refusal(there: 'self' | 'twin'): Promise<unknown> {
  const added: string[] = []
  let twin: Twin | undefined
  const parts = {
    host: {
      isSelf: () => false,
      connect: () =>
        Promise.resolve({ ok: false, fault: { code: 'PEER_UNREACHABLE', peer: '', why: 'it is this node itself' } }),
    },
    addedPeers: {
      add: (addresses: readonly unknown[]) => Promise.resolve(added.push(...addresses.map(String))),
      remove: () => Promise.resolve(added.pop()),
    },
    probeOwnId: (address: unknown) => {
      if (there === 'twin') twin = { seenMs: 0, through: String(address) }
      return Promise.resolve()
    },
    twin: () => twin,
  } as unknown as NodeParts
  const adding = peerHandlers(parts)['peer.add']({ addr: ADDRESS }, { signal: AbortSignal.timeout(10_000) })
  const error = await Promise.resolve(adding).catch((reason: unknown) => reason)
  expect(added).toEqual([])
  return error
}

test('an address that leads back to this node is refused as such', async () => {
  expect(await refusal('self')).toMatchObject({
    code: 'bad-address',
    message: expect.stringContaining('it is this node itself') as string,
  })
})

test('one at which a copy of this node runs is refused with that reason', async () => {
  const message = expect.stringContaining('another node runs there with the key of this one') as string
  expect(await refusal('twin')).toMatchObject({ code: 'bad-address', message })
})
