/**
 * The OpenRPC document against a running node (spec §10): every method is called for real, with params that the document
 * allows, and what comes back, refusals and events too, is what the document says. The reader knows the document alone.
 */
import { createHash } from 'node:crypto'
import { connect as connectSocket } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signerOf } from '../../src/node/control/client/signing.ts'
import { Playground, type Daemon } from '../support/daemon.ts'
import { Reader, type Document } from '../support/openrpc.ts'
import { Raw } from '../unit/node/control/rig.ts'

const CHAT = '#chat'

let playground: Playground
let node: Daemon
let peer: Daemon
let raw: Raw
let reader: Reader

interface Answer {
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly data: { readonly code: string } }
}

beforeAll(async () => {
  playground = await Playground.open()
  peer = await playground.start('peer', { chains: [{ name: CHAT }] })
  node = await playground.start('node', { testClock: true })
  const socket = connectSocket(join(playground.root, 'state', 'freechains', `control-${String(node.controlPort)}.sock`))
  await once(socket, 'connect')
  raw = new Raw(socket)
  const { result } = await ask('rpc.discover', {})
  reader = new Reader(result as Document)
})

afterAll(async () => {
  raw.socket.destroy()
  await playground.close()
})

let lastId = 0

async function ask(method: string, params: unknown): Promise<Answer> {
  lastId += 1
  raw.send({ jsonrpc: '2.0', id: lastId, method, params })
  for (;;) {
    const line = (await raw.next()) as Answer & { id?: number; params?: unknown }
    if (line.id === lastId) return line
    checkEvent(line.params)
  }
}

const kinds = new Set<string>()

function checkEvent(params: unknown): void {
  expect(reader.event(params)).toEqual([])
  kinds.add((params as { kind: string }).kind)
}

test('every method takes what the document says, and gives what it says', async () => {
  const called = new Set<string>(['rpc.discover'])
  /** A call that is answered. */
  const call = async (method: string, params: object = {}): Promise<unknown> => {
    called.add(method)
    expect(reader.params(method, params), method).toEqual([])
    const { result, error } = await ask(method, params)
    expect(error, method).toBeUndefined()
    expect(reader.result(method, result), `${method} ${JSON.stringify(result)}`).toEqual([])
    return result
  }
  const token = '00'.repeat(32)
  // Over the unix socket no token is asked for, and a wrong one is still refused.
  called.add('auth')
  expect(reader.params('auth', { token })).toEqual([])
  expect((await ask('auth', { token })).error?.data.code).toBe('unauthorized')
  expect(reader.result('auth', true)).toEqual([])

  await call('hello', { nonce: '07'.repeat(16) })
  await call('host.info')
  await call('host.page')
  await call('host.now')
  await call('host.now', { ms: Date.now() })
  await call('keys.shared', { passphrase: 'x' })
  const { pub, pvt } = (await call('keys.pubpvt', { passphrase: 'alice' })) as { pub: string; pvt: string }
  const bob = (await call('keys.pubpvt', { passphrase: 'bob' })) as { pub: string; pvt: string }
  await call('chains.join', { name: CHAT })
  await call('chains.join', { name: '$group', keys: ['AB'.repeat(32)] })
  await call('chains.list')
  await call('chains.invite', { chain: CHAT })
  await call('chains.listen', { from: {} })
  await call('chain.listen', { chain: CHAT, from: [] })
  await call('chain.status', { chain: CHAT })
  await call('chain.founder', { chain: CHAT, pub })
  await call('chain.founder', { chain: CHAT })
  const genesis = (await call('chain.genesis', { chain: CHAT })) as string
  const { id } = (await call('chain.post', { chain: CHAT, text: 'hello', sign: pvt })) as { id: string }
  await call('chain.post', { chain: '$group', payload: 'QQ==' })
  const held = (await call('chain.post', { chain: CHAT, text: 'hi', sign: bob.pvt })) as { id: string; state: string }
  expect(held.state).toBe('held')
  const other = (await call('chain.post', { chain: CHAT, text: 'hi again', sign: bob.pvt })) as { id: string }
  await call('chain.remove', { chain: CHAT, id: other.id })
  await call('chain.heads', { chain: CHAT, state: 'all' })
  await call('chain.like', { chain: CHAT, id: held.id, sign: pvt, why: 'welcome' })
  await call('chain.dislike', { chain: CHAT, id: held.id, sign: pvt })
  const { draft, header } = (await call('chain.draft', { chain: CHAT, author: pub, text: 'signed here' })) as {
    draft: string
    header: string
  }
  const digest = createHash('sha256').update(header, 'base64').digest()
  const signature = await signerOf(pvt).sign(Buffer.concat([Buffer.from('freechains/block/1'), digest]))
  await call('chain.submit', { draft, signature: Buffer.from(signature).toString('base64') })
  await call('chain.get', { chain: CHAT, id, part: 'block' })
  await call('chain.get', { chain: CHAT, id: held.id, part: 'block' })
  await call('chain.get', { chain: CHAT, id, part: 'payload' })
  await call('chain.blocks', { chain: CHAT, last: 5, payloads: 100 })
  await call('chain.blocks', { chain: CHAT, last: 5, lens: [pub] })
  await call('chain.missing', { chain: CHAT })
  const about = { type: 'application/vnd.freechains.profile+json', text: '{"name":"Ana"}' }
  await call('chain.post', { chain: CHAT, ...about, sign: pvt })
  expect(await call('chain.profiles', { chain: CHAT, of: [pub] })).toMatchObject([{ pub, name: 'Ana' }])
  await call('chain.reps', { chain: CHAT })
  await call('chain.reps', { chain: CHAT, of: pub })
  await call('chain.reps', { chain: CHAT, lens: [] })
  await call('chain.traverse', { chain: CHAT, from: [genesis], all: true })
  await call('chain.consensus', { chain: CHAT })
  await call('chains.news', { from: { [CHAT]: [genesis] } })
  await call('chain.blocks', { chain: CHAT, page: 1, payloads: 100 })
  const addr = peer.addresses[0]
  // Whoever follows nobody takes nothing that it is offered.
  await peer.client.call('chain.founder', { chain: CHAT, pub })
  await call('peer.add', { addr })
  await call('peer.list')
  await call('peer.ping', { addr })
  await call('peer.check', { addr, chain: CHAT })
  await call('peer.send', { addr, chain: CHAT })
  await call('peer.recv', { addr, chain: CHAT })
  await call('peer.held', { addr, chain: CHAT })
  await call('peer.chains', { addr })
  await call('peer.add', { addr: '127.0.0.1:1' })
  await call('peer.list')
  await call('peer.remove', { addr: '127.0.0.1:1' })
  await call('chain.status', { chain: CHAT })
  await call('chains.leave', { name: '$group' })
  await call('chains.leave', { name: '$group' })
  expect([...kinds].sort()).toEqual(['held', 'like', 'post', 'removed'])

  const refusals: readonly (readonly [string, unknown])[] = [
    ['chain.got', {}],
    ['chain.get', { chain: CHAT }],
    ['chain.get', { chain: '#nope', id, part: 'block' }],
    ['chain.get', { chain: CHAT, id: '9_ABCDEF', part: 'block' }],
    ['chain.get', { chain: CHAT, id: 'x', part: 'block' }],
    ['chain.post', { chain: CHAT, text: 'x', sign: 'AB' }],
    ['chains.join', { name: 'chat' }],
    ['peer.ping', { addr: '127.0.0.1:1' }],
    ['peer.remove', { addr: '127.0.0.1:1' }],
    ['chain.listen', { chain: CHAT, from: ['9_ABCDEF'] }],
    ['chains.listen', { from: { [CHAT]: ['9_ABCDEF'] } }],
  ]
  for (const [method, params] of refusals) {
    const { error } = await ask(method, params)
    const known = reader.errors[error?.data.code ?? '']
    expect({ code: error?.code, data: error?.data }, method).toEqual({ code: known?.code, data: known?.data })
  }

  await call('host.stop')
  expect(reader.methods.filter((method) => !called.has(method))).toEqual([])
})
