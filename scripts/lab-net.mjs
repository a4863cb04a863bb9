// A network of Linux network namespaces for scripts, closed in itself: a public segment 20.0.0.0/24, and routers that translate
// addresses for the nodes behind them. Its addresses count as public, so that libp2p treats them as it would on the internet,
// and belong to others; so it exists only inside a namespace that was made for it and has no way out (`scripts/in-namespace`),
// and `check` looks at that before the first packet.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

const PUBLIC = '20.0.0.0/24'

/** Addresses that must not be reachable from any namespace: of others, of documentation, and of the public segment's range. */
const OUTSIDE = ['1.1.1.1', '8.8.8.8', '192.0.2.1', '198.51.100.1', '20.1.0.1', '2606:4700:4700::1111', '2a00::1']

function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const ip = (...args) => run('ip', ...args)
const inside = (space, ...args) => run('ip', 'netns', 'exec', space, ...args)

export class LabNet {
  #spaces = ['internet']

  /** Begins with the segment alone. Fails if this process can reach anything but itself. */
  constructor() {
    const links = JSON.parse(ip('-j', 'link')).map(({ ifname }) => ifname)
    if (links.some((name) => name !== 'lo')) throw new Error(`this namespace has ways out: ${links.join(', ')}`)
    mkdirSync('/run/netns', { recursive: true })
    // Names of namespaces that end with this process.
    run('mount', '-t', 'tmpfs', 'tmpfs', '/run/netns')
    ip('netns', 'add', 'internet')
    ip('-n', 'internet', 'link', 'add', 'segment', 'type', 'bridge')
    ip('-n', 'internet', 'link', 'set', 'segment', 'up')
  }

  /** Runs a command inside a namespace: the words to put in front of it. */
  static prefix(space) {
    return ['ip', 'netns', 'exec', space]
  }

  /** A namespace on the public segment. */
  addPublic(space, address) {
    this.#addSpace(space)
    ip('link', 'add', 'wan', 'netns', space, 'type', 'veth', 'peer', 'name', `to-${space}`, 'netns', 'internet')
    ip('-n', 'internet', 'link', 'set', `to-${space}`, 'master', 'segment', 'up')
    ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', 'wan')
    ip('-n', space, 'link', 'set', 'wan', 'up')
  }

  /**
   * A router on the public segment. `isStrict`: it is silent to what it does not know and takes no connection up in the middle;
   * otherwise it answers with a reset, and gives each connection another port by chance.
   */
  addRouter(space, address, { isStrict }) {
    this.addPublic(space, address)
    inside(space, 'sysctl', '-qw', 'net.ipv4.ip_forward=1')
    inside(space, 'sysctl', '-qw', `net.netfilter.nf_conntrack_tcp_loose=${isStrict ? '0' : '1'}`)
    const masquerade = ['iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE']
    inside(space, ...masquerade, ...(isStrict ? [] : ['--random-fully']))
    if (!isStrict) return
    inside(space, 'iptables', '-A', 'FORWARD', '-m', 'conntrack', '--ctstate', 'INVALID', '-j', 'DROP')
    inside(space, 'iptables', '-A', 'INPUT', '-i', 'wan', '-j', 'DROP')
  }

  /** A namespace that is on no line yet. */
  addHost(space) {
    this.#addSpace(space)
  }

  /** A line from a host to a router, with addresses `10.0.<net>.2` and `10.0.<net>.1`. It is down at first. */
  addLine(space, line, router, net) {
    ip('link', 'add', line, 'netns', space, 'type', 'veth', 'peer', 'name', `to-${space}`, 'netns', router)
    ip('-n', router, 'addr', 'add', `10.0.${net}.1/24`, 'dev', `to-${space}`)
    ip('-n', router, 'link', 'set', `to-${space}`, 'up')
  }

  /** Hosts behind a router on one segment `<net>.0/24`, at `.2` and on; the router is `.1`. */
  addLan(router, net, hosts) {
    ip('-n', router, 'link', 'add', 'lan', 'type', 'bridge')
    ip('-n', router, 'addr', 'add', `${net}.1/24`, 'dev', 'lan')
    ip('-n', router, 'link', 'set', 'lan', 'up')
    for (const [n, host] of hosts.entries()) {
      this.#addSpace(host)
      ip('link', 'add', 'lan', 'netns', host, 'type', 'veth', 'peer', 'name', `to-${host}`, 'netns', router)
      ip('-n', router, 'link', 'set', `to-${host}`, 'master', 'lan', 'up')
      ip('-n', host, 'addr', 'add', `${net}.${n + 2}/24`, 'dev', 'lan')
      ip('-n', host, 'link', 'set', 'lan', 'up')
      ip('-n', host, 'route', 'add', PUBLIC, 'via', `${net}.1`)
      // Elsewhere the default route is the one for multicast.
      ip('-n', host, 'route', 'add', '224.0.0.0/4', 'dev', 'lan')
    }
  }

  /** Puts the line up with this address, and the way to the public segment through it. */
  lineUp(space, line, net, host) {
    ip('-n', space, 'addr', 'replace', `10.0.${net}.${host}/24`, 'dev', line)
    ip('-n', space, 'link', 'set', line, 'up')
    ip('-n', space, 'route', 'replace', PUBLIC, 'via', `10.0.${net}.1`)
  }

  lineDown(space, line) {
    ip('-n', space, 'link', 'set', line, 'down')
    ip('-n', space, 'addr', 'flush', 'dev', line)
  }

  /** The cable of a namespace on the public segment. */
  plug(space, isIn) {
    ip('-n', 'internet', 'link', 'set', `to-${space}`, isIn ? 'up' : 'down')
  }

  /** The kernel drops what it translated to an address that goes away. */
  forgetConnections(router, address) {
    ip('-n', router, 'addr', 'del', `${address}/24`, 'dev', 'wan')
    ip('-n', router, 'addr', 'add', `${address}/24`, 'dev', 'wan')
  }

  /** Before the first packet: nothing outside of the lab has a route from anywhere in it. */
  check() {
    for (const space of this.#spaces) {
      for (const address of OUTSIDE) {
        if (hasRoute(space, address)) throw new Error(`${space} has a route to ${address}`)
      }
    }
  }

  #addSpace(space) {
    ip('netns', 'add', space)
    ip('-n', space, 'link', 'set', 'lo', 'up')
    this.#spaces.push(space)
  }
}

function hasRoute(space, address) {
  try {
    ip('-n', space, 'route', 'get', address)
    return true
  } catch {
    return false
  }
}
