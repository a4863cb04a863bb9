/**
 * Which requests of a browser are the page's own (spec §10, *Page*). Any page in the world can make a browser send requests to
 * this machine, and a name of its owner's can be made to mean this machine: what they cannot do is forge `Host` and `Origin`.
 */
import type { IncomingMessage } from 'node:http'
import { hostPort } from '../base/host-port.ts'

/** Sent with every answer. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
}

/** The names by which the page is reached: the address that it listens on, and `localhost`. */
export function hostsOf(host: string, port: number): ReadonlySet<string> {
  const addresses = [host, 'localhost'].map((name) => hostPort(name, port))
  // A browser leaves out the port of its scheme.
  return new Set([...addresses, ...addresses.map((address) => address.replace(/:80$/, ''))])
}

/** Whether the browser was told to come here, and not by a name that somebody else chose. */
export function isOurHost({ headers }: IncomingMessage, hosts: ReadonlySet<string>): boolean {
  return headers.host !== undefined && hosts.has(headers.host)
}

/** Whether the page itself sent it. A request without `Origin` is none of the page's. */
export function isOurOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.origin === `http://${headers.host ?? ''}`
}

/** The value of a cookie. */
export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}
