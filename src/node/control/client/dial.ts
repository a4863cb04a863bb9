/**
 * Opens the socket to a daemon (spec §10): the unix socket beside the cookie if there is one, else TCP. It accepts
 * loopback addresses only. `connection.ts` speaks the protocol.
 */
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { clientError } from './client-error.ts'
import { hostPort } from '../../base/host-port.ts'
import { isLoopback } from '../../base/loopback.ts'
import { defaultStateDir, fitsSocket, socketPath } from '../paths.ts'

/** The address of a daemon: its port (`stateDir` as for the daemon), or the path of its socket. */
export type Endpoint =
  { readonly host: string; readonly port: number; readonly stateDir?: string } | { readonly socket: string }

/** An open socket. On a unix socket, file permissions already authenticate the daemon. */
export interface Dialled {
  readonly socket: Socket
  readonly isUnix: boolean
}

/** The directory of an endpoint's cookie and socket. */
export function stateDirOf(endpoint: { readonly stateDir?: string }): string {
  return endpoint.stateDir ?? defaultStateDir(process.env)
}

/** Opens a socket to the daemon. @throws {ClientError} none answers, or the address is not on this machine */
export async function dial(endpoint: Endpoint): Promise<Dialled> {
  if ('socket' in endpoint) {
    const socket = await open({ path: endpoint.socket })
    if (socket === undefined) throw noDaemon(endpoint.socket)
    return { socket, isUnix: true }
  }
  const { host, port } = endpoint
  const address = hostPort(host, port)
  if (isIP(host) !== 0 && !isLoopback(host)) throw notLoopback(address)
  const path = socketPath(stateDirOf(endpoint), port)
  // A host name may resolve to another machine, and this machine's socket would then be the wrong daemon.
  const isHere = isIP(host) !== 0 || host === 'localhost'
  const unix = isHere && fitsSocket(path) ? await open({ path }) : undefined
  if (unix !== undefined) return { socket: unix, isUnix: true }
  const tcp = await open({ host, port })
  if (tcp === undefined) throw noDaemon(address)
  if (isLoopback(tcp.remoteAddress ?? '')) return { socket: tcp, isUnix: false }
  tcp.destroy()
  throw notLoopback(address)
}

function open(options: NetConnectOpts): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(options)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', () => resolve(undefined))
  })
}

function noDaemon(where: string): Error {
  return clientError('no-daemon', `no daemon answers at ${where}: start one with \`freechains start\``)
}

function notLoopback(address: string): Error {
  const advice = 'the token goes to this machine only; forward the port with `ssh -L` and use 127.0.0.1'
  return clientError('not-loopback', `${address} is another machine: ${advice}`)
}
