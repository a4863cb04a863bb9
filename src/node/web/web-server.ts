/**
 * Serves the page (spec §10, *Page*): its files, the sessions of browsers, and a WebSocket that carries the control port's
 * messages. It knows none of the port's methods.
 */
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import sirv from 'sirv'
import { WebSocketServer, type WebSocket } from 'ws'
import { fail, ok, type Result } from '../../dag/result.ts'
import { hostPort } from '../base/host-port.ts'
import type { Logger } from '../base/log.ts'
import { MessageStream } from './message-stream.ts'
import { cookieOf, HEADERS, hostsOf, isOurHost, isOurOrigin } from './request-checks.ts'
import { Sessions, type SessionsModules } from './sessions.ts'
import { WEB_LIMITS } from './web-limits.ts'

export interface WebOptions {
  /** Loopback. */
  readonly host: string
  /** 0 means any free port. */
  readonly port: number
  /** The page's files, as `npm run build` makes them. */
  readonly folder: string
  /** Of one message of the WebSocket. */
  readonly messageBytes: number
}

export interface WebModules extends SessionsModules {
  readonly log: Logger
  /** Serves a client of the control port; resolves when it is gone. */
  readonly serve: (stream: Duplex) => Promise<void>
}

export type WebFault =
  | { readonly code: 'WEB_PORT_IN_USE'; readonly address: string }
  | { readonly code: 'WEB_CANNOT_LISTEN'; readonly address: string; readonly why: string }

const NO_PAGE = 'The page is not built: run `npm run build` in the checkout, or install the package freechains.\n'

export class WebServer {
  readonly #options: WebOptions
  readonly #modules: WebModules
  readonly #sessions: Sessions
  readonly #sockets: WebSocketServer
  /** `undefined` where the page was not built. */
  readonly #files: ReturnType<typeof sirv> | undefined
  readonly #server: Server
  /** Open WebSockets, each with the session that it belongs to. */
  readonly #open = new Map<WebSocket, string>()
  #hosts: ReadonlySet<string> = new Set()
  #port = 0

  constructor(options: WebOptions, modules: WebModules) {
    this.#options = options
    this.#modules = modules
    this.#sessions = new Sessions(WEB_LIMITS, modules)
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.messageBytes,
      perMessageDeflate: false,
    })
    this.#files = !existsSync(options.folder)
      ? undefined
      : sirv(options.folder, {
          // Names of built files hold their digest; the first page names them.
          setHeaders: (response, path) =>
            response.setHeader(
              'Cache-Control',
              path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache',
            ),
        })
    const { headerBytes, requestMs, sockets } = WEB_LIMITS
    this.#server = createServer(
      { maxHeaderSize: headerBytes, headersTimeout: requestMs, requestTimeout: requestMs },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          this.#modules.log.debug('web.request-failed', { why: String(error) })
          response.destroy()
        })
      },
    )
    this.#server.maxConnections = sockets
    this.#server.on('upgrade', (request, socket: Duplex, head) => this.#upgrade(request, socket, head))
  }

  async start(): Promise<Result<{ readonly host: string; readonly port: number }, WebFault>> {
    await this.#sessions.load()
    const { host, port } = this.#options
    const address = `${host}:${String(port)}`
    return await new Promise((resolve) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(fail({ code: 'WEB_PORT_IN_USE', address }))
        else resolve(fail({ code: 'WEB_CANNOT_LISTEN', address, why: error.message }))
      })
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.removeAllListeners('error')
        this.#server.on('error', (error) => this.#modules.log.error('web.accept-failed', { why: error.message }))
        this.#port = (this.#server.address() as AddressInfo).port
        this.#hosts = hostsOf(host, this.#port)
        this.#modules.log.info('web.listening', { host, port: this.#port })
        resolve(ok({ host, port: this.#port }))
      })
    })
  }

  /** The address of the page, without the right to use it. */
  get address(): string {
    return `http://${hostPort(this.#options.host, this.#port)}/`
  }

  /** An address that signs one browser in, once. The token is in the fragment, which no browser sends or logs. */
  link(): string {
    return `${this.address}#token=${this.#sessions.link()}`
  }

  async stop(): Promise<void> {
    for (const socket of this.#open.keys()) socket.terminate()
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (!isOurHost(request, this.#hosts)) {
      end(response, 403, `this node's page is at ${this.address}\n`)
      return
    }
    const { method, url = '' } = request
    const [path] = url.split('?')
    if (path === '/session') await this.#session(request, response)
    else if (method !== 'GET' && method !== 'HEAD') end(response, 405)
    else if (this.#files === undefined) end(response, 404, NO_PAGE)
    else this.#files(request, response, () => end(response, 404))
  }

  async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Cache-Control', 'no-store')
    const secret = cookieOf(request, this.#cookieName)
    if (request.method === 'GET') {
      end(response, secret !== undefined && this.#sessions.isOpen(secret) ? 204 : 401)
      return
    }
    if (request.method !== 'POST' && request.method !== 'DELETE') end(response, 405)
    else if (!isOurOrigin(request)) end(response, 403)
    else if (request.method === 'DELETE') {
      if (secret !== undefined) await this.#signOut(secret)
      this.#setCookie(response, '', 0)
      end(response, 204)
    } else await this.#signIn(request, response)
  }

  async #signOut(secret: string): Promise<void> {
    await this.#sessions.close(secret)
    this.#closeEnded()
  }

  /** A session that has ended takes its connections with it. */
  #closeEnded(): void {
    for (const [socket, secret] of this.#open) if (!this.#sessions.isOpen(secret)) socket.terminate()
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = await tokenIn(request)
    const secret = token === undefined ? undefined : await this.#sessions.open(token)
    if (secret === undefined) {
      end(response, 401)
      return
    }
    // The oldest session may have made room for this one.
    this.#closeEnded()
    this.#setCookie(response, secret, WEB_LIMITS.sessionMs / 1000)
    end(response, 204)
  }

  /** A cookie is sent to all ports of a host: the name tells them apart. */
  get #cookieName(): string {
    return `freechains-${String(this.#port)}`
  }

  #setCookie(response: ServerResponse, value: string, seconds: number): void {
    const rest = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${String(seconds)}`
    response.setHeader('Set-Cookie', `${this.#cookieName}=${value}; ${rest}`)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined)
    const secret = cookieOf(request, this.#cookieName)
    const isOurs = isOurHost(request, this.#hosts) && isOurOrigin(request)
    if (request.url !== '/rpc') refuse(socket, '404 Not Found')
    else if (!isOurs) refuse(socket, '403 Forbidden')
    else if (secret === undefined || !this.#sessions.isOpen(secret)) refuse(socket, '401 Unauthorized')
    else {
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#open.set(webSocket, secret)
        webSocket.once('close', () => this.#open.delete(webSocket))
        void this.#modules.serve(new MessageStream(webSocket))
      })
    }
  }
}

function end(response: ServerResponse, status: number, text = ''): void {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=utf-8')
  response.end(text)
}

/** Closes both directions: the server has no timeout for an upgraded socket, and `stop` waits for those that are open. */
function refuse(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** The token in `{"token": "…"}`; `undefined` if that is not what came. */
async function tokenIn(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > WEB_LIMITS.bodyBytes) return undefined
    chunks.push(chunk)
  }
  try {
    const { token } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { token?: unknown }
    return typeof token === 'string' ? token : undefined
  } catch {
    return undefined
  }
}
