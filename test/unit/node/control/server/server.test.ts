import { readFile, rm, stat, symlink, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { helloMac } from '../../../../../src/node/control/auth.ts'
import { connect } from '../../../../../src/node/control/client/connection.ts'
import { ControlServer } from '../../../../../src/node/control/server/server.ts'
import type { Handlers } from '../../../../../src/node/control/schema.ts'
import { silentLogger } from '../../../../../src/node/base/log.ts'
import { event, rawTcp, rawUnix, request, startRig, tempDir } from '../rig.ts'

const errorOf = (answer: unknown): { code: number; data: { code: string }; message: string } =>
  (answer as { error: { code: number; data: { code: string }; message: string } }).error

describe('before auth', () => {
  test('a first byte other than { or [ closes without an answer: an HTTP POST with a call in its body does nothing', async () => {
    const rig = await startRig()
    const token = (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
    const raw = await rawTcp(rig)
    const body = [request('auth', { token }), request('host.now')].map((call) => JSON.stringify(call)).join('\n')
    raw.text(`POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}\n`)
    expect(await raw.rest()).toBe('')
    expect(rig.calls).toEqual([])
  })

  test('any other call gets −32001 and a close, and what follows it is not executed', async () => {
    const rig = await startRig()
    const token = (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
    const raw = await rawTcp(rig)
    raw.send(request('host.now')).send(request('auth', { token })).send(request('host.now'))
    expect(errorOf(await raw.next())).toMatchObject({ code: -32001, data: { code: 'unauthorized' } })
    expect(await raw.rest()).toBe('')
    expect(rig.calls).toEqual([])
  })

  test('a batch is any other call, even one that begins with auth', async () => {
    const rig = await startRig()
    const token = (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
    const raw = (await rawTcp(rig)).send([request('auth', { token }), request('host.now', {}, 2)])
    expect(errorOf(await raw.next()).code).toBe(-32001)
    await raw.closed
    expect(rig.calls).toEqual([])
  })

  test('a wrong token gets −32001 and a close', async () => {
    const rig = await startRig()
    const raw = (await rawTcp(rig)).send(request('auth', { token: '0'.repeat(64) })).send(request('host.now'))
    expect(errorOf(await raw.next()).code).toBe(-32001)
    await raw.closed
    expect(rig.calls).toEqual([])
  })

  test('a line longer than 64 KiB is refused and closes the connection before its end has come', async () => {
    const rig = await startRig()
    const raw = (await rawTcp(rig)).text(
      `{"jsonrpc":"2.0","id":1,"method":"auth","params":{"token":"${'0'.repeat(100_000)}`,
    )
    expect(errorOf(await raw.next()).code).toBe(-32600)
    await raw.closed
  })

  test('who does not authenticate in time is cut off', async () => {
    const rig = await startRig({ limits: { authMs: 20 } })
    const raw = await rawTcp(rig)
    raw.send(request('hello', { nonce: 'ab'.repeat(16) }))
    await raw.closed
  })

  test('hello proves knowledge of the token by an HMAC over the nonce, and is not auth', async () => {
    const rig = await startRig()
    const token = (await readFile(join(rig.stateDir, `control-${String(rig.address.port)}.cookie`), 'utf8')).trim()
    const raw = (await rawTcp(rig)).send(request('hello', { nonce: 'AB'.repeat(16) }))
    expect(await raw.next()).toMatchObject({ result: { hmac: helloMac(token, 'ab'.repeat(16)) } })
    expect(errorOf(await raw.send(request('host.now')).next()).code).toBe(-32001)
  })

  test('the right token opens the port, also when calls follow without waiting for its answer', async () => {
    const rig = await startRig()
    const token = await readFile(join(rig.dir, 'control.cookie'), 'utf8')
    const raw = (await rawTcp(rig)).send(request('auth', { token: token.trim() })).send(request('host.now', {}, 2))
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: true })
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 2, result: 7 })
  })

  test('connections beyond the cap are told so and closed, over TCP and the unix socket each', async () => {
    const rig = await startRig({ limits: { connections: 1, closeMs: 50 } })
    for (const open of [rawTcp, rawUnix]) {
      const first = await open(rig)
      const second = await open(rig)
      expect(errorOf(await second.next())).toMatchObject({
        code: 1,
        message: 'the daemon has 1 connections here, as many as it takes: end programs that are connected',
        data: { code: 'too-many-connections' },
      })
      await second.closed
      first.socket.destroy()
    }
  })

  test('a client that is one too many gives that as the reason, with or without a cookie to show', async () => {
    const rig = await startRig({ limits: { connections: 1, closeMs: 50 } })
    await rawTcp(rig)
    await rawUnix(rig)
    const { host, port, socket = '' } = rig.address
    const tcp = { host, port, stateDir: rig.stateDir }
    const client = await connect({ socket })
    await expect(client.call('host.now', {})).rejects.toMatchObject({ code: 'too-many-connections' })
    await rm(socket)
    await expect(connect(tcp)).rejects.toMatchObject({ code: 'too-many-connections' })
  })
})

describe('calls', () => {
  test('text that is not JSON gets −32700 and a close', async () => {
    const raw = (await rawUnix(await startRig())).text('{"jsonrpc": oops\n')
    expect(await raw.next()).toMatchObject({ id: null, error: { code: -32700 } })
    await raw.closed
  })

  test('bytes that are no UTF-8 are no JSON either, and are not read as something else', async () => {
    const rig = await startRig()
    const raw = await rawUnix(rig)
    raw.socket.write(
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"keys.shared","params":{"passphrase":"ol\xe1"}}\n', 'latin1'),
    )
    expect(await raw.next()).toMatchObject({
      id: null,
      error: { code: -32700, message: expect.stringContaining('UTF-8') as string },
    })
    await raw.closed
    expect(rig.calls).toEqual([])
  })

  test.each([
    [{ jsonrpc: '2.0', id: 4, method: 1 }, 4],
    [{ jsonrpc: '2.0', method: 1 }, null],
    [{ jsonrpc: '1.0', id: 4, method: 'host.now' }, 4],
    [{ jsonrpc: '2.0', id: { a: 1 }, method: 'host.now' }, null],
    [[], null],
    [JSON.parse('['.repeat(40) + ']'.repeat(40)), null],
  ])('JSON that is no valid request gets −32600 and the connection stays: %j', async (message, id) => {
    const raw = (await rawUnix(await startRig())).send(message)
    expect(await raw.next()).toMatchObject({ id, error: { code: -32600 } })
    expect(await raw.send(request('host.now')).next()).toMatchObject({ result: 7 })
  })

  test('a batch is answered by one array, in which invalid requests have −32600 and notifications nothing', async () => {
    const raw = await rawUnix(await startRig())
    raw.send([1, { jsonrpc: '2.0', method: 'host.now' }, request('host.now', { ms: 3 }, 'x')])
    expect(await raw.next()).toEqual([
      { jsonrpc: '2.0', id: null, error: expect.objectContaining({ code: -32600 }) as unknown },
      { jsonrpc: '2.0', id: 'x', result: 3 },
    ])
    raw.send([request('host.now', { ms: 4 })])
    expect(await raw.next()).toEqual([{ jsonrpc: '2.0', id: 1, result: 4 }])
  })

  test('a notification is executed and not answered, whether it succeeds, fails or is unknown', async () => {
    const rig = await startRig()
    const raw = await rawUnix(rig)
    raw.send({ jsonrpc: '2.0', method: 'host.now' })
    raw.send({ jsonrpc: '2.0', method: 'chain.genesis', params: { chain: '#x' } })
    raw.send({ jsonrpc: '2.0', method: 'nothing' })
    raw.send({ jsonrpc: '2.0', method: 'chain.listen', params: { chain: '#x' } })
    expect(await raw.send(request('host.now', { ms: 9 }, 5)).next()).toMatchObject({ id: 5, result: 9 })
    expect(rig.calls.map((call) => call.method)).toEqual(['host.now', 'chain.genesis', 'host.now'])
  })

  test.each([
    ['host.now', { ms: 'x' }],
    ['host.now', { msec: 1 }],
    ['host.now', [1]],
    ['chain.get', { chain: '#x', id: '1_AB' }],
    ['chain.post', { chain: '#x' }],
    ['chain.post', { chain: '#x', text: 'a', payload: 'YQ==' }],
    ['chain.post', { chain: '#x', payload: 'not base64' }],
    ['chain.post', { chain: '#x', text: 'half of a pair: \ud800' }],
    ['keys.shared', { passphrase: 'half of a pair: \ud83d' }],
    ['keys.pubpvt', { passphrase: '\ude00' }],
    ['chain.like', { chain: '#x', id: '1_ABCDEF' }],
    ['chain.like', { chain: '#x', id: '1_ABCDEF', sign: 'AB', why: '\udfff' }],
    ['chain.dislike', { chain: '#x', id: '1_ABCDEF', sign: 'AB', why: '\udc00\ud800' }],
    ['chain.dislike', { chain: '#x', id: '1_ABCDEF', sign: 'AB', n: -1 }],
    ['chain.reps', { chain: '#x', of: '' }],
    ['chain.remove', { chain: '#x' }],
    ['peer.held', { addr: '10.0.0.2' }],
  ])('params that do not fit get −32602 and reach no handler: %s %j', async (method, params) => {
    const rig = await startRig()
    const raw = (await rawUnix(rig)).send(request(method, params))
    expect(errorOf(await raw.next())).toMatchObject({ code: -32602, data: { code: 'bad-params' } })
    expect(rig.calls).toEqual([])
  })

  test('faults are code 1 with their data.code; a defect is −32603 and tells nothing', async () => {
    const raw = await rawUnix(await startRig())
    expect(errorOf(await raw.send(request('chain.genesis', { chain: '#x' })).next())).toEqual({
      code: 1,
      message: 'no chain #x',
      data: { code: 'chain-not-found' },
    })
    const defect = errorOf(await raw.send(request('chain.consensus', { chain: '#x' })).next())
    expect(defect.code).toBe(-32603)
    expect(JSON.stringify(defect)).not.toContain('secret')
    expect(errorOf(await raw.send(request('constructor')).next()).code).toBe(-32601)
  })

  test('no more calls are read than may be in flight, and all are answered in the end', async () => {
    const release: (() => void)[] = []
    const reached: (() => void)[] = []
    const twoReached = new Promise<void>((resolve) => reached.push(() => {}, resolve))
    const handlers: Partial<Handlers> = {
      'host.now': async ({ ms }) => {
        await new Promise<void>((resolve) => {
          release.push(resolve)
          reached[release.length - 1]?.()
        })
        return ms ?? 0
      },
    }
    const rig = await startRig({ handlers, limits: { calls: 2 } })
    const raw = await rawUnix(rig)
    for (let ms = 1; ms <= 5; ms++) raw.send(request('host.now', { ms }, ms))
    await twoReached
    expect(rig.calls.length).toBe(2)
    const results = []
    for (let n = 1; n <= 5; n++) {
      while (release[n - 1] === undefined) await new Promise((resolve) => setImmediate(resolve))
      release[n - 1]?.()
      results.push(((await raw.next()) as { result: number }).result)
    }
    expect(results).toEqual([1, 2, 3, 4, 5])
  })

  test('what was asked before the client stopped sending is still answered', async () => {
    const raw = (await rawUnix(await startRig())).send(request('host.now'))
    raw.socket.end()
    expect(await raw.rest()).toContain('"result":7')
  })

  test.each([
    ['TCP', rawTcp],
    ['the unix socket', rawUnix],
  ])('over %s a last line without its end, before the client stops sending, is a line', async (_what, open) => {
    const rig = await startRig()
    const token = (await readFile(join(rig.dir, 'control.cookie'), 'utf8')).trim()
    const auth = `${JSON.stringify(request('auth', { token }, 0))}\n`
    const asked = JSON.stringify(request('host.now'))
    const whole = (await open(rig)).text(`${auth}${asked}`)
    whole.socket.end()
    expect(await whole.rest()).toMatch(/"result":true.*\n.*"result":7.*\n$/)
    const cut = (await open(rig)).text(`${auth}${asked.slice(0, -1)}`)
    cut.socket.end()
    expect(await cut.rest()).toMatch(/"result":true.*\n.*-32700.*\n$/)
    expect(rig.calls).toHaveLength(1)
  })

  test('before auth a last line without its end is one that may be only auth', async () => {
    const rig = await startRig()
    const asked = (await rawTcp(rig)).text(JSON.stringify(request('host.now')))
    asked.socket.end()
    expect(await asked.rest()).toContain('-32001')
    const cut = (await rawTcp(rig)).text('{"jsonrpc":')
    cut.socket.end()
    expect(await cut.rest()).toContain('-32700')
    expect(rig.calls).toEqual([])
  })

  test('a client that goes aborts its calls', async () => {
    let aborted = (): void => {}
    const wasAborted = new Promise<void>((resolve) => {
      aborted = resolve
    })
    let called = (): void => {}
    const wasCalled = new Promise<void>((resolve) => {
      called = resolve
    })
    const handlers: Partial<Handlers> = {
      'host.now': (_params, { signal }) => {
        called()
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted()
            resolve(0)
          })
        })
      },
    }
    const raw = (await rawUnix(await startRig({ handlers, limits: { lingerMs: 5 } }))).send(request('host.now'))
    await wasCalled
    raw.socket.destroy()
    await wasAborted
  })

  test('host.stop answers true, then asks for the stop', async () => {
    const rig = await startRig()
    const raw = (await rawUnix(rig)).send(request('host.stop'))
    await rig.stopAsked
    const stopped = rig.server.stop()
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: true })
    raw.socket.end()
    await stopped
  })
})

describe('subscriptions', () => {
  test('the number comes first, then the events in order, then the end when the source ends', async () => {
    const handlers: Partial<Handlers> = {
      'chain.listen': async () => ({
        from: [],
        events: (async function* () {
          yield event(1)
          yield event(2)
        })(),
      }),
    }
    const raw = (await rawUnix(await startRig({ handlers }))).send(request('chain.listen', { chain: '#chat' }))
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', id: 1, result: { subscription: 1, from: [] } })
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', method: 'event', params: { subscription: 1, ...event(1) } })
    expect(await raw.next()).toMatchObject({ params: event(2) })
    expect(await raw.next()).toEqual({ jsonrpc: '2.0', method: 'event', params: { subscription: 1, ended: true } })
  })

  test('the feed of a client that goes is ended', async () => {
    const rig = await startRig()
    const raw = (await rawUnix(rig)).send(request('chain.listen', { chain: '#chat' }))
    await raw.next()
    expect(rig.feeds[0]?.push(event(1))).toBe(true)
    const gone = new Promise((resolve) => {
      rig.signals[0]?.addEventListener('abort', resolve)
    })
    raw.socket.destroy()
    await gone
    expect(rig.feeds[0]?.push(event(2))).toBe(false)
  })

  test('a slow reader is cut off at the byte bound, and others are not', async () => {
    const rig = await startRig({ feedBytes: 100_000 })
    const slow = (await rawUnix(rig)).send(request('chain.listen', { chain: '#chat' }))
    await slow.next()
    const other = await rawUnix(rig)
    slow.socket.pause()
    let pushed = 0
    while (rig.feeds[0]?.push(event(pushed)) === true) {
      pushed++
      if (pushed % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      if (pushed > 200_000) break
    }
    expect(pushed).toBeLessThan(200_000)
    slow.socket.resume()
    await slow.closed
    expect(await other.send(request('host.now')).next()).toMatchObject({ result: 7 })
  })

  test('a connection has no more subscriptions than the cap', async () => {
    const raw = await rawUnix(await startRig({ limits: { subscriptions: 1 } }))
    expect(await raw.send(request('chain.listen', { chain: '#a' })).next()).toMatchObject({
      result: { subscription: 1 },
    })
    expect(errorOf(await raw.send(request('chain.listen', { chain: '#b' })).next()).data.code).toBe(
      'too-many-subscriptions',
    )
  })

  const payload = (id: number): object => request('chain.get', { chain: '#a', id: '1_ABCDEF', part: 'payload' }, id)

  test('large answers are made one after another, each when the one before is read; who reads gets them all', async () => {
    const handlers: Partial<Handlers> = { 'chain.get': async () => 'x'.repeat(3_000_000) }
    const rig = await startRig({ handlers, limits: { bufferedBytes: 4_000_000 } })
    const [idle, other] = [await rawUnix(rig), await rawUnix(rig)]
    idle.socket.pause()
    for (let id = 1; id <= 20; id++) idle.send(payload(id))
    for (let n = 0; n < 50; n++) await other.send(request('host.now')).next()
    // The first one may fit into the buffers of the system.
    expect(rig.calls.filter(({ method }) => method === 'chain.get').length).toBeLessThanOrEqual(2)
    idle.socket.resume()
    for (let id = 1; id <= 20; id++) expect(await idle.next()).toMatchObject({ id })
  })

  test('small answers of who does not read wait unmade', async () => {
    const handlers: Partial<Handlers> = { 'host.info': async () => ({ version: 'x'.repeat(10_000) }) as never }
    const rig = await startRig({ handlers, limits: { unreadBytes: 100_000 } })
    const [idle, other] = [await rawUnix(rig), await rawUnix(rig)]
    idle.socket.pause()
    for (let id = 1; id <= 2_000; id++) idle.send(request('host.info', {}, id))
    for (let n = 0; n < 50; n++) await other.send(request('host.now')).next()
    expect(rig.calls.filter(({ method }) => method === 'host.info').length).toBeLessThan(500)
    idle.socket.resume()
    // One may overtake another.
    const ids = new Set<unknown>()
    for (let n = 1; n <= 2_000; n++) ids.add(((await idle.next()) as { id: number }).id)
    expect(ids).toEqual(new Set(Array.from({ length: 2_000 }, (_, n) => n + 1)))
  })

  test('an answer of any size is sent, and cut off when nothing of it is read for long', async () => {
    const handlers: Partial<Handlers> = { 'chain.get': async () => 'x'.repeat(5_000_000) }
    const rig = await startRig({ handlers, limits: { bufferedBytes: 1_000_000, stalledMs: 200 } })
    const read = (await rawUnix(rig)).send(payload(1))
    expect(await read.next()).toMatchObject({ id: 1 })
    const idle = await rawUnix(rig)
    idle.socket.pause()
    idle.send(payload(1))
    await vi.waitFor(() => expect(rig.signals[1]?.aborted).toBe(true), { timeout: 20_000 })
  })

  test('a batch whose answers are too large together gets as many as may be, and says so for the rest', async () => {
    const handlers: Partial<Handlers> = { 'chain.get': async () => 'x'.repeat(3_000) }
    const raw = await rawUnix(await startRig({ handlers, limits: { bufferedBytes: 7_000 } }))
    const answers = (await raw.send([1, 2, 3, 4, 5].map(payload)).next()) as { result?: string; error?: object }[]
    expect(answers.map(({ result }) => result?.length)).toEqual([3_000, 3_000, 3_000, undefined, undefined])
    expect(answers[4]?.error).toMatchObject({ data: { code: 'bad-request' } })
  })
})

describe('cookies, socket and start', () => {
  test('both cookies hold one token, fresh at each start, for the owner alone; socket too; all gone after a stop', async () => {
    const rig = await startRig()
    const { port, socket = '' } = rig.address
    const paths = [join(rig.dir, 'control.cookie'), join(rig.stateDir, `control-${String(port)}.cookie`)]
    const tokens = await Promise.all(paths.map((path) => readFile(path, 'utf8')))
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}\n$/)
    expect(tokens[1]).toBe(tokens[0])
    for (const path of [...paths, socket]) expect((await stat(path)).mode & 0o777).toBe(0o600)
    await rig.server.stop()
    for (const path of [...paths, socket]) await expect(stat(path)).rejects.toThrow('ENOENT')
    const again = await startRig({ stateDir: rig.stateDir })
    expect(await readFile(join(again.dir, 'control.cookie'), 'utf8')).not.toBe(tokens[0])
  })

  test('a state directory that nobody can make is done without, and not tried for ever', async () => {
    const rig = await startRig({ stateDir: '/proc/x/state' })
    expect(rig.address.socket).toBeUndefined()
    expect(await readFile(join(rig.dir, 'control.cookie'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
  })

  test('a port in use is a coded fault and leaves the first daemon its cookie and socket', async () => {
    const rig = await startRig()
    const { port } = rig.address
    const before = await readFile(join(rig.stateDir, `control-${String(port)}.cookie`), 'utf8')
    const second = new ControlServer(
      { host: '127.0.0.1', port, dataDir: await tempDir(), stateDir: rig.stateDir },
      { handlers: {} as Handlers, log: silentLogger, requestStop: () => {} },
    )
    expect(await second.start()).toEqual({
      ok: false,
      fault: { code: 'CONTROL_PORT_IN_USE', address: `127.0.0.1:${String(port)}` },
    })
    await second.stop()
    expect(await readFile(join(rig.stateDir, `control-${String(port)}.cookie`), 'utf8')).toBe(before)
    expect(await (await rawUnix(rig)).send(request('host.now')).next()).toMatchObject({ result: 7 })
  })

  test('what an unclean stop left behind is replaced; a cookie that is a link to elsewhere is not followed', async () => {
    const rig = await startRig()
    const { port, socket = '' } = rig.address
    await rig.server.stop()
    await mkdir(rig.stateDir, { recursive: true })
    const elsewhere = join(rig.dir, 'elsewhere')
    await writeFile(elsewhere, 'mine')
    await writeFile(socket, '')
    await symlink(elsewhere, join(rig.dir, 'control.cookie'))
    const next = new ControlServer(
      { host: '127.0.0.1', port, dataDir: rig.dir, stateDir: rig.stateDir },
      { handlers: {} as Handlers, log: silentLogger, requestStop: () => {} },
    )
    const started = await next.start()
    expect(started).toMatchObject({ ok: true, value: { socket } })
    expect(await readFile(elsewhere, 'utf8')).toBe('mine')
    await next.stop()
  })

  test('a socket path too long for the system is done without', async () => {
    const stateDir = join(await tempDir(), 'x'.repeat(120))
    const rig = await startRig({ stateDir })
    expect(rig.address.socket).toBeUndefined()
    const token = (await readFile(join(stateDir, `control-${String(rig.address.port)}.cookie`), 'utf8')).trim()
    expect(await (await rawTcp(rig)).send(request('auth', { token })).next()).toMatchObject({ result: true })
  })
})
