import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../../../src/node/control/client/connection.ts'
import { isLoopback } from '../../../../../src/node/base/loopback.ts'
import type { Handlers } from '../../../../../src/node/control/schema.ts'
import type { ControlEvent } from '../../../../../src/node/control/shapes.ts'
import { event, startRig, tempDir, type Rig } from '../rig.ts'

/** The same daemon without its unix socket. */
async function overTcp(rig: Rig): Promise<{ host: string; port: number; stateDir: string }> {
  const stateDir = await tempDir()
  const name = `control-${String(rig.address.port)}.cookie`
  await writeFile(join(stateDir, name), await readFile(join(rig.stateDir, name)))
  return { host: '127.0.0.1', port: rig.address.port, stateDir }
}

/** Another program that listens on a port, and what it received. */
async function squatter(
  answer: (line: string, socket: Socket) => void,
): Promise<{ port: number; heard: () => string }> {
  let heard = ''
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      heard += chunk.toString()
      answer(chunk.toString(), socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, heard: () => heard }
}

describe('connecting', () => {
  test.each(['unix socket', 'tcp'])(
    'by port alone, over %s, calls are typed and faults keep their code',
    async (way) => {
      const rig = await startRig()
      const endpoint =
        way === 'tcp' ? await overTcp(rig) : { host: '127.0.0.1', port: rig.address.port, stateDir: rig.stateDir }
      const client = await connect(endpoint)
      expect(await client.call('host.now', { ms: 5 })).toBe(5)
      await expect(client.call('chain.genesis', { chain: '#x' })).rejects.toMatchObject({ code: 'chain-not-found' })
      client.close()
      await expect(client.call('host.now', {})).rejects.toMatchObject({ code: 'aborted' })
    },
  )

  test('a squatter on the port that does not know the cookie is refused and never hears the token', async () => {
    const stateDir = await tempDir()
    const liar = await squatter((line, socket) => {
      const { id } = JSON.parse(line) as { id: number }
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { hmac: 'ab'.repeat(32) } })}\n`)
    })
    const token = 'cd'.repeat(32)
    await writeFile(join(stateDir, `control-${String(liar.port)}.cookie`), token)
    const attempt = connect({ host: '127.0.0.1', port: liar.port, stateDir })
    await expect(attempt).rejects.toMatchObject({ code: 'not-the-daemon' })
    expect(liar.heard()).toContain('hello')
    expect(liar.heard()).not.toContain(token)
  })

  test('a squatter that hangs up, or speaks nonsense, is refused too', async () => {
    for (const answer of [
      (_: string, socket: Socket) => socket.destroy(),
      (_: string, socket: Socket) => socket.write('HTTP/1.1 400\r\n\r\n'),
    ]) {
      const stateDir = await tempDir()
      const other = await squatter((line, socket) => void answer(line, socket))
      await writeFile(join(stateDir, `control-${String(other.port)}.cookie`), 'cd'.repeat(32))
      const attempt = connect({ host: '127.0.0.1', port: other.port, stateDir })
      await expect(attempt).rejects.toMatchObject({ code: 'not-the-daemon' })
    }
  })

  test('without a cookie, without a daemon, and to another machine: each says what to do', async () => {
    const rig = await startRig()
    const { port } = rig.address
    const empty = await tempDir()
    await expect(connect({ host: '127.0.0.1', port, stateDir: empty })).rejects.toMatchObject({ code: 'no-cookie' })
    await rig.server.stop()
    await expect(connect({ host: '127.0.0.1', port, stateDir: empty })).rejects.toThrow(
      `no daemon answers at 127.0.0.1:${String(port)}: start one with \`freechains start\``,
    )
    await expect(connect({ host: '192.0.2.1', port })).rejects.toMatchObject({ code: 'not-loopback' })
  })

  test('a name that may be of another machine is not answered by the daemon of this one, by its socket', async () => {
    const { address, stateDir } = await startRig()
    const { port } = address
    expect(await (await connect({ host: 'localhost', port, stateDir })).call('host.now', { ms: 5 })).toBe(5)
    await expect(connect({ host: 'node.invalid', port, stateDir })).rejects.toMatchObject({ code: 'no-daemon' })
  })

  test('a stale socket file is no obstacle: TCP is used', async () => {
    const rig = await startRig()
    const endpoint = await overTcp(rig)
    await mkdir(endpoint.stateDir, { recursive: true })
    await writeFile(join(endpoint.stateDir, `control-${String(endpoint.port)}.sock`), '')
    expect(await (await connect(endpoint)).call('host.now', {})).toBe(7)
  })

  test.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['127.0.0.1.evil.org', false],
    ['', false],
  ])('the address %s is loopback: %s', (address, is) => {
    expect(isLoopback(address)).toBe(is)
  })
})

describe('subscribing', () => {
  test('events come in order, more than any buffer holds, and the iteration ends with the source', async () => {
    const total = 20_000
    const handlers: Partial<Handlers> = {
      'chain.listen': async () => ({
        from: [],
        events: (async function* () {
          for (let height = 1; height <= total; height++) yield event(height)
        })(),
      }),
    }
    const rig = await startRig({ handlers })
    const client = await connect({ socket: rig.address.socket ?? '' })
    const heights: number[] = []
    for await (const one of client.subscribe('chain.listen', { chain: '#chat' })) heights.push(one.height)
    expect(heights).toEqual(Array.from({ length: total }, (_, n) => n + 1))
    client.close()
  })

  test('a daemon that stops ends it with an error, after what had come', async () => {
    const rig = await startRig()
    const client = await connect({ socket: rig.address.socket ?? '' })
    const seen: ControlEvent[] = []
    const reading = (async () => {
      for await (const one of client.subscribe('chain.listen', { chain: '#chat' })) {
        seen.push(one)
        void rig.server.stop()
      }
    })()
    while (rig.feeds.length === 0) await new Promise((resolve) => setImmediate(resolve))
    rig.feeds[0]?.push(event(1))
    await expect(reading).rejects.toMatchObject({ code: 'connection-lost' })
    expect(seen).toEqual([event(1)])
  })

  test('an abort ends calls and subscriptions at once', async () => {
    const rig = await startRig()
    const abort = new AbortController()
    const client = await connect({ socket: rig.address.socket ?? '' }, { signal: abort.signal })
    const reading = (async () => {
      for await (const one of client.subscribe('chain.listen', { chain: '#chat' })) expect(one).toEqual(event(1))
    })()
    while (rig.feeds.length === 0) await new Promise((resolve) => setImmediate(resolve))
    rig.feeds[0]?.push(event(1))
    abort.abort()
    await expect(reading).rejects.toMatchObject({ code: 'aborted' })
  })
})

test('reps are a number of one author or post, a list of all authors, and may be below zero', async () => {
  const all = [
    { pub: 'EB172E', reps: 30 },
    { pub: '957FED', reps: -2 },
  ]
  const handlers: Partial<Handlers> = { 'chain.reps': async ({ of }) => (of === undefined ? all : -2) }
  const rig = await startRig({ handlers })
  const client = await connect({ socket: rig.address.socket ?? '' })
  expect(await client.call('chain.reps', { chain: '#chat' })).toEqual(all)
  expect(await client.call('chain.reps', { chain: '#chat', of: '957FED' })).toBe(-2)
  client.close()
})

test('the largest payload goes through in both directions', async () => {
  const payload = Buffer.alloc(64 * 1024 * 1024, 0xa5).toString('base64')
  const handlers: Partial<Handlers> = {
    'chain.post': async (params) => ({ id: String(params.payload?.length), state: 'accepted' }),
    'chain.get': async () => payload,
  }
  const rig = await startRig({ handlers })
  const client = await connect({ socket: rig.address.socket ?? '' })
  expect(await client.call('chain.post', { chain: '#x', payload })).toMatchObject({ id: String(payload.length) })
  const got = await client.call('chain.get', { chain: '#x', id: '1_ABCDEF', part: 'payload' })
  expect(got === payload).toBe(true)
  client.close()
}, 30_000)
