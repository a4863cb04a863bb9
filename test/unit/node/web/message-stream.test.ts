/** The control port's messages over the page's WebSocket, under the port's own bounds (spec §10, *Page*). */
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { event, request } from '../control/rig.ts'
import { next, startWeb } from './rig.ts'

test('calls are answered and events come, one JSON text in each message', async () => {
  const web = await startWeb()
  const socket = await web.openSocket()
  const answers = next(socket, 3)
  socket.send(JSON.stringify(request('host.now', {}, 1), undefined, 2))
  socket.send(JSON.stringify([request('host.now', { ms: 1 }, 2), request('chain.genesis', { chain: '#é' }, 3)]))
  socket.send(JSON.stringify(request('chain.listen', { chain: '#chat' }, 4)))
  expect(await answers).toMatchObject([
    { id: 1, result: 7 },
    [
      { id: 2, result: 1 },
      { id: 3, error: { message: 'no chain #é' } },
    ],
    { id: 4, result: { subscription: 1 } },
  ])
  const told = next(socket, 1)
  web.control.feeds[0]?.push(event(1))
  expect(await told).toMatchObject([{ method: 'event', params: { height: 1, subscription: 1 } }])
})

test('a long answer comes in one message', async () => {
  const long = Array.from({ length: 20_000 }, (_, n) => `${String(n)}_${'A'.repeat(64)}`)
  const web = await startWeb({ control: { handlers: { 'chain.heads': () => Promise.resolve(long) } } })
  const socket = await web.openSocket()
  const answer = next(socket, 1)
  socket.send(JSON.stringify(request('chain.heads', { chain: '#chat' })))
  expect(await answer).toMatchObject([{ result: long }])
})

test.each([
  ['longer than the longest', 1009, 'x'.repeat(100_001)],
  ['of bytes', 1003, Buffer.from(JSON.stringify(request('host.now')))],
])('a message %s closes the connection', async (_what, code, message) => {
  const web = await startWeb()
  const socket = await web.openSocket()
  const closed = once(socket, 'close')
  socket.send(message)
  expect((await closed)[0]).toBe(code)
  expect(web.control.calls).toEqual([])
})

test('the port counts subscriptions and connections of pages like those of others', async () => {
  const web = await startWeb({ control: { limits: { subscriptions: 1, connections: 2 } } })
  const cookie = await web.cookie()
  const socket = await web.openSocket(cookie)
  const answers = next(socket, 2)
  for (const id of [1, 2]) socket.send(JSON.stringify(request('chain.listen', { chain: '#chat' }, id)))
  expect(await answers).toContainEqual(
    expect.objectContaining({
      error: expect.objectContaining({ data: { code: 'too-many-subscriptions' } }) as unknown,
    }),
  )
  await web.openSocket(cookie)
  const third = await web.openSocket(cookie)
  expect(await next(third, 1)).toMatchObject([{ error: { data: { code: 'too-many-connections' } } }])
  await once(third, 'close')
})

test('a page that reads nothing is cut off, and its calls end', async () => {
  const limits = { bufferedBytes: 1000, stalledMs: 20 }
  const big = 'x'.repeat(8_000_000)
  const handlers = { 'chain.heads': () => Promise.resolve([big]) }
  const web = await startWeb({ control: { limits, handlers } })
  const socket = await web.openSocket()
  const closed = once(socket, 'close')
  socket.pause()
  for (let id = 1; id < 4; id++) socket.send(JSON.stringify(request('chain.heads', { chain: '#chat' }, id)))
  await expect.poll(() => web.control.signals.some(({ aborted }) => aborted)).toBe(true)
  socket.resume()
  await closed
})

test('a browser that goes away ends its subscriptions', async () => {
  const web = await startWeb()
  const socket = await web.openSocket()
  const answer = next(socket, 1)
  socket.send(JSON.stringify(request('chain.listen', { chain: '#chat' })))
  await answer
  socket.terminate()
  await expect.poll(() => web.control.signals[0]?.aborted).toBe(true)
})
