/** The client for apps in Node, `freechains/client` (spec §10): `client.ts` over the sockets of the daemon on this machine. */
import { setMaxListeners } from 'node:events'
import { Client, type ClientOptions } from './client.ts'
import { connect as connectOnce } from './connection.ts'
import type { Endpoint } from './dial.ts'
import { NODE_BYTES, signerOf } from './signing.ts'

/** Default address of a daemon's control port. */
const HOST = '127.0.0.1'
const PORT = 8330

/** Where the daemon is, and how its absence is borne. */
export interface ConnectOptions extends ClientOptions {
  /** `127.0.0.1` by default; must be loopback. */
  readonly host?: string
  /** 8330 by default. It also determines the paths of cookie and unix socket. */
  readonly port?: number
  /** Path of a unix socket, instead of host and port. */
  readonly socket?: string
  /** Directory of cookie and socket; `${XDG_STATE_HOME:-~/.local/state}/freechains` by default. */
  readonly stateDir?: string
}

/** Connects to the daemon on this machine. @throws {ClientError} there is none, or its cookie cannot be read */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { host = HOST, port = PORT, socket, stateDir } = options
  const endpoint: Endpoint =
    socket === undefined ? { host, port, ...(stateDir === undefined ? {} : { stateDir }) } : { socket }
  const client = new Client(
    {
      open: (signal) => connectOnce(endpoint, { signal }),
      bytes: NODE_BYTES,
      signerOf,
      // Hundreds of calls may share a signal. Node warns at eleven listeners, because they usually mean a leak.
      onShared: (signal) => setMaxListeners(0, signal),
    },
    options,
  )
  await client.ready()
  return client
}
