/** Posts signed by the client (spec §10): what the daemon is given, and what happens to drafts that were overtaken. */
import { createHash } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { decodeBlock, draftBlock, verifyBlock } from '../../../../../src/dag/block.ts'
import { keyPairOf } from '../../../../../src/dag/passphrase.ts'
import { genesisBlockId } from '../../../../../src/dag/ids.ts'
import { connect, signerOf } from '../../../../../src/node/control/client/index.ts'
import { ControlError } from '../../../../../src/node/control/error-codes.ts'
import { author, bytes, chain, must } from '../../../../support/blocks.ts'
import { startRig } from '../rig.ts'

const forum = chain('#forum')
const { pub, pvt } = keyPairOf(author(1).seed)

function drafted(text: string) {
  const parts = {
    chain: forum,
    height: 1,
    time: 1,
    backs: [genesisBlockId(forum.id)],
    random: () => new Uint8Array(32),
  }
  return must(draftBlock({ ...parts, payload: bytes(text), author: author(1).author })).block
}

/** A daemon that says `stale` so many times. */
async function rigWith(stale: number) {
  const block = drafted('hello')
  const signatures: string[] = []
  const rig = await startRig({
    handlers: {
      'chain.draft': () =>
        Promise.resolve({ draft: `1_${block.id}`, header: Buffer.from(block.headerBytes).toString('base64') }),
      'chain.submit': ({ draft, signature }) => {
        signatures.push(signature)
        if (signatures.length <= stale) throw new ControlError('stale', 'overtaken: draft again')
        return Promise.resolve({ id: draft, state: 'accepted' as const })
      },
    },
  })
  const { port } = rig.address
  const client = await connect({ port, stateDir: rig.stateDir })
  onTestFinished(() => client.close())
  return { rig, client, block, signatures }
}

test('the signature holds, and the private key is in no call', async () => {
  const { rig, client, block, signatures } = await rigWith(0)
  expect(await client.post({ chain: '#forum', text: 'hello', sign: pvt })).toMatchObject({ state: 'accepted' })
  const signature = Buffer.from(signatures[0] ?? '', 'base64')
  expect(verifyBlock(must(decodeBlock(block.headerBytes, signature)))).toBe(true)
  expect(rig.calls).toContainEqual({ method: 'chain.draft', params: { chain: '#forum', text: 'hello', author: pub } })
  const seed = createHash('sha256').update(author(1).seed).digest('hex')
  const sent = JSON.stringify(rig.calls).toUpperCase()
  expect([sent.includes(pvt.slice(0, 64)), sent.includes(seed)]).toEqual([false, false])
})

test('votes say what they like, and a signer may be elsewhere', async () => {
  const { rig, client } = await rigWith(0)
  const signer = { author: pub, sign: (what: Uint8Array) => Promise.resolve(signerOf(pvt).sign(what)) }
  await client.like({ chain: '#forum', id: '1_ABCDEF', sign: signer, why: 'yes' })
  await client.dislike({ chain: '#forum', id: '1_ABCDEF', sign: signer })
  const drafts = rig.calls.filter(({ method }) => method === 'chain.draft').map(({ params }) => params)
  expect(drafts).toEqual([
    { chain: '#forum', like: '1_ABCDEF', why: 'yes', author: pub },
    { chain: '#forum', dislike: '1_ABCDEF', author: pub },
  ])
})

test('a draft that was overtaken is made and signed again, but not for ever', async () => {
  const few = await rigWith(5)
  expect(await few.client.post({ chain: '#forum', text: 'hello', sign: pvt })).toMatchObject({ state: 'accepted' })
  expect(few.signatures.length).toBe(6)
  const always = await rigWith(Infinity)
  const posted = always.client.post({ chain: '#forum', text: 'hello', sign: pvt })
  await expect(posted).rejects.toMatchObject({ code: 'stale' })
  expect(always.signatures.length).toBe(32)
})

test('a key that is none, or whose halves do not fit, is refused before anything is sent', async () => {
  const { rig, client } = await rigWith(0)
  for (const sign of ['', pvt.slice(1), pvt.slice(0, 64) + 'AB'.repeat(32)]) {
    await expect(client.post({ chain: '#forum', text: 'hello', sign })).rejects.toMatchObject({ code: 'bad-key' })
  }
  expect(rig.calls).toEqual([])
})
