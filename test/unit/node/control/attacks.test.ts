/**
 * The control port from the attacker's side (spec §10), over real sockets: a page in the user's browser, another user
 * of the machine, and a misbehaving program of this user. It does not repeat `server.test.ts`.
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectSocket, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EventFeed } from '../../../../src/node/control/server/event-feed.ts'
import { CONTROL_LIMITS, FEED_BYTES } from '../../../../src/node/control/port-limits.ts'
import type { Handlers } from '../../../../src/node/control/schema.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'
import { eventually } from '../../../support/daemon.ts'
import { floodOf } from '../../../support/flood.ts'
import { retainedBytes } from '../../../support/retained.ts'
import { event, Raw, rawTcp, rawUnix, request, startRig, type Rig } from './rig.ts'

const MIB = 1024 * 1024

async function tokenOf(rig: Rig): Promise<string> {
  return (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
}

/** A socket that stays half open: only its sending side ends when the daemon ends its own. */
async function halfOpen(rig: Rig): Promise<Socket> {
  const socket = connectSocket({ port: rig.address.port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Resolves once the daemon serves a client over TCP. With a cap of one connection: once the previous one is gone. */
async function isServed(rig: Rig): Promise<void> {
  const token = await tokenOf(rig)
  await eventually(
    async () => {
      const raw = (await rawTcp(rig)).send(request('auth', { token }))
      const answer = await raw.next()
      raw.socket.destroy()
      return answer
    },
    // Refused while all connections are taken.
    (answer) => typeof answer === 'object' && answer !== null && 'result' in answer,
  )
}

describe('a page in the browser', () => {
  test.each(['text/plain', 'application/json', 'application/x-www-form-urlencoded'])(
    'fetch with a command as its %s body executes nothing and reads nothing',
    async (type) => {
      const rig = await startRig()
      // Even a client that knows the token.
      const token = await tokenOf(rig)
      const body = `${JSON.stringify(request('auth', { token }))}\n${JSON.stringify(request('host.now'))}\n`
      const url = `http://127.0.0.1:${String(rig.address.port)}/`
      await expect(fetch(url, { method: 'POST', headers: { 'content-type': type }, body })).rejects.toThrow()
      expect(rig.calls).toEqual([])
    },
  )

  const command = `${JSON.stringify(request('host.now'))}\n`
  const rebound = 'Host: rebound.example.org\r\nOrigin: http://rebound.example.org\r\n'
  const http = (line: string, headers: string): string =>
    `${line}\r\n${headers}Content-Length: ${String(command.length)}\r\n\r\n${command}`

  test.each([
    ['a POST under a rebound name', http('POST / HTTP/1.1', rebound)],
    ['a POST under a rebound name with this port', http('POST / HTTP/1.1', 'Host: rebound.example.org:8330\r\n')],
    ['a POST as localhost', http('POST / HTTP/1.1', 'Host: localhost\r\nSec-Fetch-Site: same-origin\r\n')],
    ['a GET with a body', http('GET /{ HTTP/1.1', rebound)],
    ['a preflight', http('OPTIONS * HTTP/1.1', `${rebound}Access-Control-Request-Private-Network: true\r\n`)],
    ['a WebSocket', http('GET / HTTP/1.1', `${rebound}Connection: Upgrade\r\nUpgrade: websocket\r\n`)],
    ['HTTP/2 with prior knowledge', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${command}`],
    ['HTTP/0.9', `GET /\n${command}`],
    ['a line break first', `\n${command}`],
    ['a TLS hello', `\u0016\u0003\u0001\u0002${command}`],
    ['a byte order mark', `\uFEFF${command}`],
  ])('%s gets a close and no byte, and executes nothing, on either way in', async (_what, text) => {
    const rig = await startRig()
    for (const open of [rawTcp, rawUnix]) expect(await (await open(rig)).text(text).rest()).toBe('')
    expect(rig.calls).toEqual([])
  })
})

describe('a line without an end', () => {
  const piece = Buffer.alloc(64 * 1024, 'a')

  /** Sends until `bytes` are sent or the daemon hangs up; returns the peak memory of this process meanwhile. */
  async function flood(socket: Socket, bytes: number): Promise<number> {
    const before = retainedBytes()
    let most = 0
    socket.write('{"jsonrpc":"2.0","id":1,"method":"host.now","params":{"x":"')
    for (let sent = 0; sent < bytes && !socket.destroyed; sent += piece.byteLength) {
      await new Promise((resolve) => socket.write(piece, resolve))
      if (sent % (8 * MIB) === 0) most = Math.max(most, retainedBytes() - before)
    }
    return Math.max(most, retainedBytes() - before)
  }

  test('a stranger’s line of 100 MB costs the daemon no memory, and ends with the connection', async () => {
    const rig = await startRig()
    const raw = await rawTcp(rig)
    const kept = await flood(raw.socket, 100_000_000)
    expect(kept).toBeLessThan(8 * MIB)
    await raw.closed
    await isServed(rig)
  })

  test('a friend’s line of 100 MiB is kept to its bound and not parsed, and what was kept goes with it', async () => {
    const rig = await startRig()
    const raw = await rawUnix(rig)
    const before = retainedBytes()
    const kept = await flood(raw.socket, 100 * MIB)
    expect(kept).toBeLessThan(CONTROL_LIMITS.lineBytes + 16 * MIB)
    expect(await raw.next()).toMatchObject({ id: null, error: { code: -32600 } })
    await raw.closed
    expect(retainedBytes() - before).toBeLessThan(8 * MIB)
    expect(rig.calls).toEqual([])
    expect(await (await rawUnix(rig)).send(request('host.now')).next()).toMatchObject({ result: 7 })
  })
})

test('connections of strangers: those over the cap are closed, the unix socket is not touched, and all are gone in time', async () => {
  const rig = await startRig({ limits: { authMs: 2_000 } })
  let closed = 0
  const total = floodOf(CONTROL_LIMITS.connections, 1_000)
  const sockets = Array.from({ length: total }, () => {
    const socket = connectSocket(rig.address.port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.once('close', () => (closed += 1))
    socket.resume()
    return socket
  })
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
  const friend = await rawUnix(rig)
  expect(await friend.send(request('host.now')).next()).toMatchObject({ result: 7 })
  await eventually(
    async () => closed,
    (count) => count >= total - CONTROL_LIMITS.connections,
  )
  expect(rig.calls).toHaveLength(1)
  // The daemon hung up, not the client.
  await isServed(rig)
  await eventually(
    async () => closed,
    (count) => count === total,
  )
  expect(await friend.send(request('host.now')).next()).toMatchObject({ result: 7 })
})

describe('half-closed sockets', () => {
  const limits = { connections: 1, closeMs: 50, lingerMs: 50 }

  test('one that says nothing and ends its side is closed, and so is one that will not end its side', async () => {
    const rig = await startRig({ limits })
    const silent = await halfOpen(rig)
    silent.end()
    await isServed(rig)
    const clinging = await halfOpen(rig)
    clinging.write(`${JSON.stringify(request('auth', { token: 'wrong' }))}\n`)
    clinging.resume()
    await isServed(rig)
  })

  test('one whose call never ends is given up, its call too', async () => {
    let isGivenUp = false
    const handlers: Partial<Handlers> = {
      'host.now': (_params, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            isGivenUp = true
            resolve(0)
          })
        }),
    }
    const rig = await startRig({ handlers, limits })
    const socket = await halfOpen(rig)
    const token = await tokenOf(rig)
    socket.write([request('auth', { token }), request('host.now')].map((call) => `${JSON.stringify(call)}\n`).join(''))
    await eventually(
      async () => rig.calls.length,
      (count) => count === 1,
    )
    socket.end()
    await isServed(rig)
    expect(isGivenUp).toBe(true)
  })

  test('one that subscribed and ends its side gets no more events, and its place is free', async () => {
    const rig = await startRig({ limits })
    const socket = await halfOpen(rig)
    const token = await tokenOf(rig)
    const raw = new Raw(socket).send(request('auth', { token })).send(request('chain.listen', { chain: '#chat' }, 2))
    expect([await raw.next(), await raw.next()]).toMatchObject([{ id: 1 }, { id: 2 }])
    socket.end()
    await isServed(rig)
    expect(rig.feeds[0]?.push(event(1))).toBe(false)
  })

  test('one that asks much, reads nothing and ends its side is cut off', async () => {
    const handlers: Partial<Handlers> = { 'chain.get': async () => 'x'.repeat(8 * MIB) }
    const rig = await startRig({ handlers, limits })
    const socket = await halfOpen(rig)
    socket.pause()
    const token = await tokenOf(rig)
    const get = request('chain.get', { chain: '#a', id: '1_ABCDEF', part: 'payload' }, 2)
    socket.end([request('auth', { token }), get].map((call) => `${JSON.stringify(call)}\n`).join(''))
    await eventually(
      async () => rig.calls.length,
      (count) => count === 1,
    )
    await isServed(rig)
  })
})

test('a subscriber that never reads while 50,000 events pass is cut off at the bound; who reads gets them all', async () => {
  const feeds: EventFeed<ControlEvent>[] = []
  const handlers: Partial<Handlers> = {
    'chain.listen': async (_params, { signal }) => {
      const feed = new EventFeed<ControlEvent>({ signal, limitBytes: FEED_BYTES })
      feeds.push(feed)
      return { events: feed, from: [] }
    },
  }
  const rig = await startRig({ handlers })
  const deaf = (await rawUnix(rig)).send(request('chain.listen', { chain: '#chat' }))
  await deaf.next()
  deaf.socket.pause()
  const reader = (await rawUnix(rig)).send(request('chain.listen', { chain: '#chat' }))
  await reader.next()
  const total = 50_000
  let read = 0
  const reading = (async () => {
    while (read < total) {
      expect(await reader.next()).toMatchObject({ params: { height: read + 1 } })
      read += 1
    }
  })()
  const before = retainedBytes()
  let most = 0
  let taken = 0
  for (let height = 1; height <= total; height += 1) {
    const one = { ...event(height), backs: ['1_'.padEnd(66, 'A')], author: 'B'.repeat(64) }
    if (feeds[0]?.push(one) === true) taken += 1
    feeds[1]?.push(one)
    while (height % 50 === 0 && read < height) await nextTurn()
    if (height % 5_000 === 0) most = Math.max(most, retainedBytes() - before)
  }
  await reading
  expect(taken).toBeGreaterThan(10_000)
  expect(taken).toBeLessThan(total)
  expect(most).toBeLessThan(4 * FEED_BYTES)
  deaf.socket.resume()
  await deaf.closed
})
