/**
 * The client for apps (spec §10) with daemons that go away and come back: what resumes, what fails, and what is never
 * repeated.
 */
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type ConnectOptions } from '../../../../../src/node/control/client/app-client.ts'
import type { Handlers } from '../../../../../src/node/control/schema.ts'
import type { ControlEvent } from '../../../../../src/node/control/shapes.ts'
import { eventually } from '../../../../support/daemon.ts'
import { event, startRig, tempDir, type Rig } from '../rig.ts'

/** A proxy to a daemon. A test can cut it, as a killed daemon does, and attach another daemon. */
class Lines {
  readonly path: string
  #target: string | undefined
  readonly #open = new Set<Socket>()

  private constructor(path: string, target: string) {
    this.path = path
    this.#target = target
  }

  static async to(rig: Rig): Promise<Lines> {
    const lines = new Lines(join(await tempDir(), 's'), rig.address.socket ?? '')
    const server: Server = createServer((socket) => lines.#join(socket))
    await new Promise<void>((resolve) => server.listen(lines.path, resolve))
    onTestFinished(() => {
      lines.cut()
      server.close()
    })
    return lines
  }

  /** Breaks all connections, and refuses new ones. */
  cut(): void {
    this.#target = undefined
    for (const socket of this.#open) socket.destroy()
  }

  mend(rig: Rig): void {
    this.#target = rig.address.socket
  }

  get count(): number {
    return this.#open.size
  }

  #join(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.#target === undefined) {
      socket.destroy()
      return
    }
    const daemon = connectSocket(this.#target)
    daemon.on('error', () => undefined)
    this.#open.add(socket)
    socket.pipe(daemon).pipe(socket)
    socket.once('close', () => {
      this.#open.delete(socket)
      daemon.destroy()
    })
    daemon.once('close', () => socket.destroy())
  }
}

async function client(lines: Lines, options: ConnectOptions = {}) {
  const made = await connect({ socket: lines.path, ...options })
  onTestFinished(() => made.close())
  return made
}

/** A chain of posts in one line; a subscription yields those not in the past of `from`. */
function storyOf(length: number): { readonly story: readonly ControlEvent[]; readonly handlers: Partial<Handlers> } {
  const story = Array.from({ length }, (_, n) => ({ ...event(n + 1), backs: [`${String(n)}_AB`] }))
  const handlers: Partial<Handlers> = {
    'chain.listen': async ({ from = [] }) => {
      const known = Math.max(0, ...from.map((id) => parseInt(id, 10)))
      const told = story.slice(known)
      return {
        from,
        events: (async function* () {
          yield* told
          // The iteration stays open: there is no more for now.
          await new Promise(() => undefined)
        })(),
      }
    },
  }
  return { story, handlers }
}

describe('calls', () => {
  test('one that was not answered fails with connection-lost and is not repeated; the next one finds the daemon again', async () => {
    let posts = 0
    const handlers: Partial<Handlers> = {
      'chain.post': () => {
        posts += 1
        return new Promise(() => undefined)
      },
    }
    const rig = await startRig({ handlers })
    const lines = await Lines.to(rig)
    const node = await client(lines)
    const post = node.call('chain.post', { chain: '#chat', text: 'once' })
    await eventually(
      async () => posts,
      (count) => count === 1,
    )
    lines.cut()
    await expect(post).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringMatching(/look whether/) as string,
    })
    lines.mend(rig)
    expect(await node.call('host.now', { ms: 3 })).toBe(3)
    expect(posts).toBe(1)
  })

  test('with repeatReads one that changes nothing is asked again, and one that may change something is not', async () => {
    const asked = { reads: 0, writes: 0 }
    const handlers: Partial<Handlers> = {
      'chain.consensus': () => {
        asked.reads += 1
        return asked.reads === 1 ? new Promise(() => undefined) : Promise.resolve(['0_AB'])
      },
      'host.now': () => {
        asked.writes += 1
        return new Promise(() => undefined)
      },
    }
    const rig = await startRig({ handlers })
    const lines = await Lines.to(rig)
    const node = await client(lines, { repeatReads: true })
    const read = node.call('chain.consensus', { chain: '#chat' })
    const write = node.call('host.now', { ms: 1 })
    const refused = expect(write).rejects.toMatchObject({ code: 'connection-lost' })
    await eventually(
      async () => asked.reads + asked.writes,
      (count) => count === 2,
    )
    lines.cut()
    lines.mend(rig)
    expect(await read).toEqual(['0_AB'])
    await refused
    expect(asked).toEqual({ reads: 2, writes: 1 })
  })

  test('with patience without end a call waits for as long as the daemon is away', async () => {
    const rig = await startRig({ handlers: { 'chains.list': async () => [] } })
    const lines = await Lines.to(rig)
    const away = Promise.withResolvers<string>()
    const node = await client(lines, { patienceMs: Infinity, repeatReads: true, onAway: away.resolve })
    const listening = node.listen('#chat')[Symbol.asyncIterator]()
    const event1 = listening.next()
    await eventually(
      async () => rig.feeds.length,
      (count) => count === 1,
    )
    lines.cut()
    const call = node.call('chains.list', {})
    await away.promise
    lines.mend(rig)
    expect(await call).toEqual([])
    await eventually(
      async () => rig.feeds.length,
      (count) => count === 2,
    )
    rig.feeds[1]?.push(event(1))
    expect(await event1).toMatchObject({ value: { height: 1 } })
  })

  test('a daemon that does not come back: the call fails in time, and says why and what to do', async () => {
    const rig = await startRig()
    const node = await connect({ socket: rig.address.socket ?? '', patienceMs: 200 })
    onTestFinished(() => node.close())
    await expect(node.call('chain.genesis', { chain: '#x' })).rejects.toMatchObject({ code: 'chain-not-found' })
    await rig.server.stop()
    const failing = async (): Promise<unknown> => await node.call('host.now', {}).catch((error: unknown) => error)
    await eventually(failing, (error) => (error as { code?: string }).code === 'no-daemon')
    expect(await failing()).toMatchObject({
      message: expect.stringMatching(
        /did not come back in time \(no daemon answers at .*\): see that it runs/,
      ) as string,
    })
  })

  test('a signal gives up the call alone; closing gives up everything', async () => {
    const handlers: Partial<Handlers> = { 'host.now': () => new Promise(() => undefined) }
    const node = await client(await Lines.to(await startRig({ handlers })))
    const one = new AbortController()
    const given = node.call('host.now', {}, { signal: one.signal })
    const other = node.call('host.now', {})
    one.abort()
    await expect(given).rejects.toMatchObject({ code: 'aborted' })
    await expect(node.call('chain.genesis', { chain: '#x' })).rejects.toMatchObject({ code: 'chain-not-found' })
    node.close()
    await expect(other).rejects.toMatchObject({ code: 'aborted' })
    await expect(node.call('host.now', {})).rejects.toMatchObject({ code: 'aborted' })
  })

  test('no daemon at all: connecting fails at once and says what to do', async () => {
    const socket = join(await tempDir(), 'nobody')
    await expect(connect({ socket })).rejects.toMatchObject({
      code: 'no-daemon',
      message: expect.stringMatching(/freechains start/) as string,
    })
  })
})

describe('listening', () => {
  test('goes on where it was, however often and wherever the connection breaks: each event once, in order', async () => {
    const { story, handlers } = storyOf(300)
    const rig = await startRig({ handlers })
    const lines = await Lines.to(rig)
    const node = await client(lines)
    const seen: ControlEvent[] = []
    for await (const one of node.listen('#chat', { from: [] })) {
      seen.push(one)
      if (seen.length % 60 === 17) {
        lines.cut()
        lines.mend(rig)
      }
      if (seen.length === story.length) break
    }
    expect(seen).toEqual(story)
    const asked = rig.calls.filter(({ method }) => method === 'chain.listen').map(({ params }) => params)
    expect(asked.length).toBeGreaterThan(1)
    expect(asked[0]).toEqual({ chain: '#chat', from: [] })
  })

  test('a cursor that was kept goes on in another client, from the event after the last one handed out', async () => {
    const { story, handlers } = storyOf(20)
    const lines = await Lines.to(await startRig({ handlers }))
    const first = (await client(lines)).listen('#chat', { from: [] })
    expect(first.cursor).toEqual([])
    let kept: readonly string[] | undefined
    for await (const one of first) {
      kept = first.cursor
      if (one.height === 7) break
    }
    expect(kept).toEqual(['7_AB'])
    const rest: number[] = []
    for await (const one of (await client(lines)).listen('#chat', { from: kept ?? [] })) {
      rest.push(one.height)
      if (one.height === 20) break
    }
    expect(rest).toEqual(story.slice(7).map(({ height }) => height))
  })

  test('without a cursor it begins with what comes, and after a break with what came since', async () => {
    const asked: unknown[] = []
    const handlers: Partial<Handlers> = {
      'chain.listen': async ({ from }) => {
        asked.push(from)
        return {
          from: from ?? ['9_AB'],
          events: (async function* () {
            yield { ...event(10), backs: ['9_AB'] }
            await new Promise(() => undefined)
          })(),
        }
      },
    }
    const rig = await startRig({ handlers })
    const lines = await Lines.to(rig)
    const listening = (await client(lines)).listen('#chat')
    expect(listening.cursor).toBeUndefined()
    for await (const one of listening) {
      expect(one.height).toBe(10)
      if (asked.length === 2) break
      expect(listening.cursor).toEqual(['10_AB'])
      lines.cut()
      lines.mend(rig)
    }
    expect(asked).toEqual([undefined, ['10_AB']])
  })

  test('an app may call while it handles an event, however many events wait behind it', async () => {
    const { story, handlers } = storyOf(10_000)
    const node = await client(await Lines.to(await startRig({ handlers })))
    let count = 0
    for await (const one of node.listen('#chat', { from: [] })) {
      if (one.height % 1_000 === 1) expect(await node.call('host.now', { ms: one.height })).toBe(one.height)
      count += 1
      if (count === story.length) break
    }
  })

  test('its signal ends it without an error, and so does closing, also while the daemon is away', async () => {
    const rig = await startRig()
    const lines = await Lines.to(rig)
    const node = await client(lines)
    const heard = async (options: { signal?: AbortSignal }): Promise<ControlEvent[]> => {
      const seen: ControlEvent[] = []
      for await (const one of node.listen('#chat', options)) seen.push(one)
      return seen
    }
    const abort = new AbortController()
    const one = heard({ signal: abort.signal })
    const other = heard({})
    await eventually(
      async () => rig.feeds.length,
      (count) => count === 2,
    )
    for (const feed of rig.feeds) feed.push(event(1))
    await eventually(
      async () => lines.count,
      (count) => count === 3,
    )
    abort.abort()
    expect((await one).length).toBeLessThanOrEqual(1)
    lines.cut()
    node.close()
    expect((await other).length).toBeLessThanOrEqual(1)
  })

  test('it ends when the daemon says so, and fails with what the daemon refuses', async () => {
    const handlers: Partial<Handlers> = {
      'chain.listen': async () => ({
        from: [],
        events: (async function* () {
          yield event(1)
        })(),
      }),
      'chains.listen': async ({ from }) => ({
        from: from ?? {},
        events: (async function* () {
          yield event(2)
        })(),
      }),
    }
    const node = await client(await Lines.to(await startRig({ handlers })))
    const heights: number[] = []
    for await (const one of node.listen('#chat')) heights.push(one.height)
    const all = node.listenAll({ from: { '#chat': ['1_AB'] } })
    for await (const one of all) heights.push(one.height)
    expect(heights).toEqual([1, 2])
    expect(all.cursor).toEqual({ '#chat': ['1_AB', '2_AB'] })
    const refusing = await client(
      await Lines.to(
        await startRig({
          handlers: {
            'chain.listen': async () => {
              throw new TypeError('x')
            },
          },
        }),
      ),
    )
    const reading = (async () => {
      for await (const one of refusing.listen('#chat')) heights.push(one.height)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'internal' })
  })

  test('that the daemon is away, and that it is back, is told once, and where a subscription begins anew', async () => {
    const heard: number[] = []
    const handlers: Partial<Handlers> = {
      'chain.listen': async ({ from = [] }) => ({
        from,
        events: (async function* () {
          yield event(heard.length + 1)
          yield event(heard.length + 1)
          await new Promise(() => undefined)
        })(),
      }),
    }
    const rig = await startRig({ handlers })
    const lines = await Lines.to(rig)
    const told: string[] = []
    const until = (length: number, list: readonly unknown[]): Promise<unknown> =>
      eventually(
        async () => list.length,
        (count) => count === length,
      )
    const node = await client(lines, { onAway: () => told.push('away'), onBack: () => told.push('back') })
    const begun: number[] = []
    const reading = (async () => {
      for await (const one of node.listen('#chat', { onBegin: () => begun.push(heard.length) })) heard.push(one.height)
    })()
    await until(2, heard)
    expect(told).toEqual([])
    lines.cut()
    await until(1, told)
    lines.mend(rig)
    await until(4, heard)
    expect({ told, begun }).toEqual({ told: ['away', 'back'], begun: [0, 2] })
    node.close()
    await reading
  })

  test('leaving the loop gives the connection back', async () => {
    const { handlers } = storyOf(5)
    const lines = await Lines.to(await startRig({ handlers }))
    const node = await client(lines)
    for await (const one of node.listen('#chat', { from: [] })) if (one.height === 2) break
    await eventually(
      async () => lines.count,
      (count) => count === 1,
    )
  })
})
