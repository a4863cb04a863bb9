/** A control server on a free port with fake handlers, and raw sockets to attack it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectSocket, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { EventFeed } from '../../../../src/node/control/server/event-feed.ts'
import { ControlError } from '../../../../src/node/control/error-codes.ts'
import type { ControlLimits } from '../../../../src/node/control/port-limits.ts'
import type { Handlers } from '../../../../src/node/control/schema.ts'
import type { ControlEvent } from '../../../../src/node/control/shapes.ts'
import { ControlServer, type ControlAddress } from '../../../../src/node/control/server/server.ts'
import { silentLogger } from '../../../../src/node/base/log.ts'

export interface Rig {
  readonly server: ControlServer
  readonly address: ControlAddress
  readonly dir: string
  readonly stateDir: string
  /** Method and params of every call that reached a handler. */
  readonly calls: { method: string; params: unknown }[]
  readonly feeds: EventFeed<ControlEvent>[]
  readonly signals: AbortSignal[]
  readonly stopAsked: Promise<void>
}

export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'fc-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export function event(height: number): ControlEvent {
  return { chain: '#chat', id: `${String(height)}_AB`, height, backs: [], kind: 'post' }
}

/** Handlers that record their calls; those a test does not define answer `null`. */
export async function startRig(
  options: {
    handlers?: Partial<Handlers>
    limits?: Partial<ControlLimits>
    stateDir?: string
    feedBytes?: number
  } = {},
): Promise<Rig> {
  const dir = await tempDir()
  const stateDir = options.stateDir ?? join(dir, 'state')
  const calls: Rig['calls'] = []
  const feeds: Rig['feeds'] = []
  const signals: AbortSignal[] = []
  let requestStop = (): void => {}
  const stopAsked = new Promise<void>((resolve) => {
    requestStop = resolve
  })
  const given: Partial<Handlers> = {
    'chain.listen': async (_params, { signal }) => {
      const feed = new EventFeed<ControlEvent>({ signal, limitBytes: options.feedBytes ?? 10_000 })
      feeds.push(feed)
      return { events: feed, from: [] }
    },
    'host.now': async ({ ms }) => ms ?? 7,
    'chain.genesis': async ({ chain }) => {
      throw new ControlError('chain-not-found', `no chain ${chain}`)
    },
    'chain.consensus': async () => {
      throw new TypeError('a secret of the implementation')
    },
    ...options.handlers,
  }
  const handlers = new Proxy(given, {
    get: (target, method: keyof Handlers) => async (params: unknown, context: { signal: AbortSignal }) => {
      calls.push({ method, params })
      signals.push(context.signal)
      const handler = target[method] as ((...args: unknown[]) => Promise<unknown>) | undefined
      return handler === undefined ? null : await handler(params, context)
    },
  }) as Handlers
  const server = new ControlServer(
    { host: '127.0.0.1', port: 0, dataDir: dir, stateDir, ...(options.limits && { limits: options.limits }) },
    { handlers, log: silentLogger, requestStop },
  )
  const started = await server.start()
  if (!started.ok) throw new ControlError('cannot-listen', JSON.stringify(started.fault))
  onTestFinished(() => server.stop())
  return { server, address: started.value, dir, stateDir, calls, feeds, signals, stopAsked }
}

/** A socket that collects what it receives. */
export class Raw {
  readonly socket: Socket
  readonly closed: Promise<void>
  #text = ''
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('utf8')
    socket.on('error', () => undefined)
    socket.on('data', (text: string) => {
      this.#text += text
      this.#wake?.()
    })
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        resolve()
        this.#wake?.()
      })
    })
  }

  send(message: unknown): this {
    return this.text(`${JSON.stringify(message)}\n`)
  }

  text(text: string): this {
    this.socket.write(text)
    return this
  }

  /** The next line, parsed; undefined if the connection closes first. */
  async next(): Promise<unknown> {
    for (;;) {
      const end = this.#text.indexOf('\n')
      if (end !== -1) {
        const line = this.#text.slice(0, end)
        this.#text = this.#text.slice(end + 1)
        return JSON.parse(line)
      }
      if (this.socket.destroyed) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** Everything received before the connection closed. */
  async rest(): Promise<string> {
    await this.closed
    return this.#text
  }
}

/** Connects over TCP, without `auth`. */
export async function rawTcp(rig: Rig): Promise<Raw> {
  return await raw(connectSocket(rig.address.port, '127.0.0.1'))
}

/** Connects over the unix socket, which needs no `auth`. */
export async function rawUnix(rig: Rig): Promise<Raw> {
  return await raw(connectSocket(rig.address.socket ?? ''))
}

async function raw(socket: Socket): Promise<Raw> {
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  return new Raw(socket)
}

export function request(method: string, params: object = {}, id: number | string = 1): object {
  return { jsonrpc: '2.0', id, method, params }
}
