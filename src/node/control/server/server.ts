/**
 * The control port (spec §10): JSON-RPC 2.0 over TCP behind a cookie, and over a unix socket behind file permissions.
 * It binds the port before it writes the cookie, so that a second daemon on the port does not overwrite the cookie of
 * the first.
 */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fail, ok, type Result } from '../../../dag/result.ts'
import type { Logger } from '../../base/log.ts'
import { freshToken } from '../auth.ts'
import { Connection } from './connection.ts'
import { refuse } from './refusal.ts'
import { removeCookie, writeCookie } from '../cookie.ts'
import { Dispatcher } from './dispatcher.ts'
import type { ControlFault } from '../error-codes.ts'
import { CONTROL_LIMITS, type ControlLimits } from '../port-limits.ts'
import { COOKIE_NAME, cookiePath, defaultStateDir, exposureWarning, socketPath } from '../paths.ts'
import type { Handlers } from '../schema.ts'
import { bindSocket, isSocketAlive, unbindSocket, type BoundSocket } from './socket.ts'

export interface ControlServerOptions {
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  readonly dataDir: string
  /**
   * Directory where clients find cookie and socket by the port; `${XDG_STATE_HOME:-~/.local/state}/freechains` by
   * default.
   */
  readonly stateDir?: string
  readonly limits?: Partial<ControlLimits>
}

export interface ControlServerModules {
  readonly handlers: Handlers
  readonly log: Logger
  /** Called once `host.stop` is answered: stop the node, and this server with it. */
  readonly requestStop: () => void
}

export interface ControlAddress {
  readonly host: string
  readonly port: number
  /** Path of the unix socket, if there is one. */
  readonly socket?: string
}

/** How a client comes: over the unix socket, over TCP, or from the page. */
type Kind = 'trusted' | 'tcp' | 'page'

export class ControlServer {
  readonly #options: ControlServerOptions
  readonly #limits: ControlLimits
  readonly #log: Logger
  readonly #token = freshToken()
  readonly #dispatcher: Dispatcher
  readonly #connections = new Set<Connection>()
  /** Connections of each kind. */
  readonly #open: Record<Kind, number> = { trusted: 0, tcp: 0, page: 0 }
  readonly #cookies: string[] = []
  #tcp: Server | undefined
  #socket: BoundSocket | undefined

  constructor(options: ControlServerOptions, modules: ControlServerModules) {
    this.#options = options
    this.#limits = { ...CONTROL_LIMITS, ...options.limits }
    this.#log = modules.log
    this.#dispatcher = new Dispatcher(this.#token, modules)
  }

  /** Listens, then writes the cookies and binds the socket. After a fault nothing is left behind. */
  async start(): Promise<Result<ControlAddress, ControlFault>> {
    const { host, dataDir } = this.#options
    const bound = await this.#listen()
    if (!bound.ok) return bound
    const { port } = bound.value
    const cookie = join(dataDir, COOKIE_NAME)
    try {
      await writeCookie(cookie, this.#token)
      this.#cookies.push(cookie)
    } catch (error) {
      await this.stop()
      return fail({ code: 'CONTROL_CANNOT_WRITE_COOKIE', path: cookie, why: String(error) })
    }
    const exposed = exposureWarning(host)
    if (exposed !== undefined) this.#log.warn('control.not-loopback', { host, port, means: exposed })
    await this.#publish(port)
    this.#log.info('control.listening', { host, port, socket: this.#socket?.path })
    return ok({ host, port, ...(this.#socket === undefined ? {} : { socket: this.#socket.path }) })
  }

  /** Ends all calls and subscriptions, closes, and removes cookies and socket. */
  async stop(): Promise<void> {
    const servers = [this.#tcp, this.#socket?.server].filter((server) => server !== undefined)
    const closed = servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve())))
    await Promise.all([...this.#connections].map((connection) => connection.stop()))
    await Promise.all(closed)
    if (this.#socket !== undefined) await unbindSocket(this.#socket)
    for (const cookie of this.#cookies.splice(0)) await removeCookie(cookie, this.#token)
    this.#tcp = undefined
    this.#socket = undefined
  }

  async #listen(): Promise<Result<{ readonly port: number }, ControlFault>> {
    const { host, port } = this.#options
    const server = this.#createServer(false)
    const address = `${host}:${String(port)}`
    return await new Promise((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(fail({ code: 'CONTROL_PORT_IN_USE', address }))
        else resolve(fail({ code: 'CONTROL_CANNOT_LISTEN', address, why: error.message }))
      })
      server.listen({ host, port, exclusive: true }, () => {
        this.#tcp = server
        this.#survive(server)
        resolve(ok({ port: (server.address() as AddressInfo).port }))
      })
    })
  }

  /**
   * Writes the cookie and the socket that clients find by the port. Without them, clients still have TCP and the cookie
   * in the data directory.
   */
  async #publish(port: number): Promise<void> {
    const stateDir = this.#options.stateDir ?? defaultStateDir(process.env)
    const path = socketPath(stateDir, port)
    if (await isSocketAlive(path)) {
      this.#log.warn('control.socket-in-use', { path, advice: 'another daemon has this port on another address' })
      return
    }
    const cookie = cookiePath(stateDir, port)
    try {
      await writeCookie(cookie, this.#token)
      this.#cookies.push(cookie)
    } catch (error) {
      this.#log.warn('control.state-dir-unusable', { path: cookie, why: String(error) })
      return
    }
    const server = this.#createServer(true)
    const bound = await bindSocket(server, path)
    if (bound.ok) {
      this.#survive(server)
      this.#socket = bound.value
    } else this.#log.warn('control.no-socket', { path, why: bound.fault.why, advice: 'clients use TCP instead' })
  }

  #createServer(trusted: boolean): Server {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.setNoDelay(true)
      void this.#accept(socket, trusted ? 'trusted' : 'tcp')
    })
    server.maxConnections = this.#limits.connections + this.#limits.refusals
    server.on('drop', () => this.#log.warn('control.too-many-connections', { limit: this.#limits.connections }))
    return server
  }

  /** A failed accept (out of file descriptors) must not end the process. */
  #survive(server: Server): void {
    server.removeAllListeners('error')
    server.on('error', (error) => this.#log.error('control.accept-failed', { why: error.message }))
  }

  /** Serves a client that comes another way, and was authenticated there. Resolves when it is gone. */
  async serve(stream: Duplex): Promise<void> {
    await this.#accept(stream, 'page')
  }

  async #accept(socket: Duplex, kind: Kind): Promise<void> {
    if (this.#open[kind] >= this.#limits.connections) {
      this.#log.warn('control.too-many-connections', { limit: this.#limits.connections })
      refuse(socket, this.#limits)
      return
    }
    const options = { limits: this.#limits, trusted: kind !== 'tcp' }
    const connection = new Connection(socket, options, { dispatcher: this.#dispatcher, log: this.#log })
    this.#connections.add(connection)
    this.#open[kind] += 1
    await connection.run()
    this.#open[kind] -= 1
    this.#connections.delete(connection)
  }
}
