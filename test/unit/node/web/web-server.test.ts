/** Who gets what from the page's server, from the side of those who should get nothing (spec §10, *Page*). */
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { silentLogger } from '../../../../src/node/base/log.ts'
import { WebServer } from '../../../../src/node/web/web-server.ts'
import { cookieIn, startWeb, tokenOf } from './rig.ts'

describe('the page', () => {
  test('is sent with headers that allow its own files alone', async () => {
    const web = await startWeb()
    const { status, headers, body } = await web.ask()
    expect([status, body]).toEqual([200, '<!doctype html><title>the page</title>'])
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|https?:/)
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' })
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect(headers['cache-control']).toBe('no-cache')
    expect((await web.ask({ path: '/assets/page-1a2b.js' })).headers['cache-control']).toContain('immutable')
  })

  test('that was not built is replaced by what to do', async () => {
    const { status, body } = await (await startWeb({ isBuilt: false })).ask()
    expect([status, body]).toEqual([404, expect.stringContaining('npm run build')])
  })

  test.each(['/../secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt', '//secret.txt', '/%00', '/%'])(
    'is no way to other files: %s',
    async (path) => {
      const { status, body } = await (await startWeb()).ask({ path })
      expect(body).not.toContain('a secret')
      expect(status).toBe(404)
    },
  )

  test.each(['PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'])('%s of a file is refused', async (method) => {
    expect((await (await startWeb()).ask({ method })).status).toBe(405)
  })
})

describe('a name that somebody else chose for this machine', () => {
  test.each(['evil.example', 'evil.example:PORT', '127.0.0.1', '127.0.0.1:1', 'localhost.evil.example:PORT'])(
    'gets nothing: Host %s',
    async (host) => {
      const web = await startWeb()
      const headers = { host: host.replace('PORT', String(web.port)) }
      expect((await web.ask({ headers })).status).toBe(403)
      const token = tokenOf(web.server.link())
      expect((await web.signIn(token, headers)).status).toBe(403)
      const cookie = await web.cookie()
      expect(await web.socket({ ...headers, origin: `http://${headers.host}`, cookie })).toBe(403)
      // The link was not used up.
      expect((await web.signIn(token)).status).toBe(204)
    },
  )

  test('and localhost is this machine', async () => {
    const web = await startWeb()
    const host = `localhost:${String(web.port)}`
    expect((await web.ask({ headers: { host } })).status).toBe(200)
    expect((await web.signIn(undefined, { host, origin: `http://${host}` })).status).toBe(204)
  })
})

describe('a page of another site', () => {
  test.each([
    'https://evil.example',
    'http://127.0.0.1:1',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'null',
    '',
  ])('gets nothing, cookie or not: Origin %s', async (given) => {
    const web = await startWeb()
    const cookie = await web.cookie()
    const origin = given.replace('PORT', String(web.port))
    const headers = { origin, cookie }
    expect(await web.socket(headers)).toBe(403)
    expect((await web.signIn(undefined, headers)).status).toBe(403)
    expect((await web.ask({ method: 'DELETE', path: '/session', headers })).status).toBe(403)
    expect((await web.ask({ path: '/session', headers: { cookie } })).status).toBe(204)
    expect(web.control.calls).toEqual([])
  })

  test('cannot leave the origin out', async () => {
    const web = await startWeb()
    expect(await web.socket({ cookie: await web.cookie() })).toBe(403)
  })
})

describe('a link', () => {
  test('signs one browser in, once', async () => {
    const web = await startWeb()
    const token = tokenOf(web.server.link())
    const first = await web.signIn(token)
    expect(first.headers['set-cookie']).toEqual([
      expect.stringMatching(/^freechains-\d+=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/),
    ])
    expect((await web.signIn(token)).status).toBe(401)
    expect((await web.ask({ path: '/session', headers: { cookie: cookieIn(first) } })).status).toBe(204)
  })

  test('is worth nothing after an hour, nor when sixteen more were made', async () => {
    let now = 1_000_000
    const web = await startWeb({ nowMs: () => now })
    const [old, young] = [tokenOf(web.server.link()), tokenOf(web.server.link())]
    now += 60 * 60_000
    expect((await web.signIn(young)).status).toBe(204)
    now += 1
    expect((await web.signIn(old)).status).toBe(401)
    const first = tokenOf(web.server.link())
    const second = tokenOf(web.server.link())
    for (let n = 0; n < 15; n++) web.server.link()
    expect((await web.signIn(first)).status).toBe(401)
    expect((await web.signIn(second)).status).toBe(204)
  })

  test.each(['', '{', 'null', '[]', '{"token":7}', `{"token":"${'0'.repeat(64)}"}`, `{"token":"${'0'.repeat(2000)}"}`])(
    'is not guessed, nor replaced by something else, %#',
    async (body) => {
      const web = await startWeb()
      web.server.link()
      const { status } = await web.ask({ method: 'POST', path: '/session', headers: { origin: web.origin }, body })
      expect(status).toBe(401)
    },
  )

  test('is in no header that the server sends, and no token is on disk', async () => {
    const web = await startWeb()
    const token = tokenOf(web.server.link())
    const answer = await web.signIn(token)
    expect(JSON.stringify(answer)).not.toContain(token)
    const secret = cookieIn(answer).split('=')[1] ?? ''
    expect(web.stored.entries).toHaveLength(1)
    expect(web.stored.entries.join()).not.toContain(token)
    expect(web.stored.entries.join()).not.toContain(secret)
  })
})

describe('a session', () => {
  test('outlives the node', async () => {
    const before = await startWeb()
    const secret = (await before.cookie()).split('=')[1] ?? ''
    await before.server.stop()
    const after = await startWeb({ stored: before.stored })
    const cookie = `freechains-${String(after.port)}=${secret}`
    expect((await after.ask({ path: '/session', headers: { cookie } })).status).toBe(204)
  })

  test('ends after 90 days, when 32 others have begun, and when the page says so, with its connections', async () => {
    let now = 1_000_000
    const web = await startWeb({ nowMs: () => now })
    const isOpen = async (cookie: string): Promise<boolean> =>
      (await web.ask({ path: '/session', headers: { cookie } })).status === 204
    const first = await web.cookie()
    now += 90 * 24 * 60 * 60_000
    expect(await isOpen(first)).toBe(true)
    now += 1
    expect(await isOpen(first)).toBe(false)
    const second = await web.cookie()
    for (let n = 0; n < 31; n++) await web.cookie()
    expect(await isOpen(second)).toBe(true)
    const third = await web.cookie()
    expect(await isOpen(second)).toBe(false)
    const early = await web.openSocket(third)
    const pushedOut = once(early, 'close')
    for (let n = 0; n < 31; n++) await web.cookie()
    expect(early.readyState).toBe(early.OPEN)
    const fourth = await web.cookie()
    await pushedOut
    const socket = await web.openSocket(fourth)
    const closed = once(socket, 'close')
    await web.ask({ method: 'DELETE', path: '/session', headers: { origin: web.origin, cookie: fourth } })
    await closed
    expect(await isOpen(fourth)).toBe(false)
  })

  test('is needed for the WebSocket; another user of the machine has none', async () => {
    const web = await startWeb()
    expect(await web.socket({ origin: web.origin })).toBe(401)
    expect(await web.socket({ origin: web.origin, cookie: `freechains-${String(web.port)}=${'0'.repeat(64)}` })).toBe(
      401,
    )
    const [, secret = ''] = (await web.cookie()).split('=')
    expect(await web.socket({ origin: web.origin, cookie: `freechains-1=${secret}` })).toBe(401)
    expect(await web.socket({ origin: web.origin, cookie: await web.cookie() }, '/other')).toBe(404)
  })
})

describe('a browser that is refused the WebSocket and goes on holding its end of the line', () => {
  test('keeps no place from others', async () => {
    const web = await startWeb()
    // All places that there are, one after the other.
    for (let n = 0; n < 128; n++) await refusedSocket(web.port)
    expect((await web.ask()).status).toBe(200)
  })

  test('keeps no node from stopping', async () => {
    const web = await startWeb()
    await refusedSocket(web.port)
    await web.server.stop()
  })
})

test('a request that does not come to its end is given up', async () => {
  const web = await startWeb()
  // Too many headers, and none of them ends.
  const socket = connect(web.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${String(web.port)}\r\nX: ${'x'.repeat(20_000)}`)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 431 /)
})

test('a port that is taken is told, and the other server goes on', async () => {
  const web = await startWeb()
  const second = new WebServer(
    { host: '127.0.0.1', port: web.port, folder: '/nowhere', messageBytes: 1 },
    {
      log: silentLogger,
      nowMs: () => 0,
      serve: () => Promise.resolve(),
      store: { load: () => Promise.resolve([]), save: () => Promise.resolve() },
    },
  )
  expect(await second.start()).toMatchObject({ fault: { code: 'WEB_PORT_IN_USE' } })
  expect((await web.ask()).status).toBe(200)
})

/** Asks for a WebSocket without a session, and never ends its side. Resolves when it was told no. */
async function refusedSocket(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  const address = `127.0.0.1:${String(port)}`
  socket.write(
    `GET /rpc HTTP/1.1\r\nHost: ${address}\r\nOrigin: http://${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
}
