// A network of Linux network namespaces for scripts, closed in itself: a public segment, and routers with lines to nodes behind
// them. Each line has IPv4, which the routers translate, and IPv6, which they do not. Its addresses count as public, so that
// libp2p treats them as it would on the internet, and belong to others; so it exists only inside a namespace that was made for
// it and has no way out (`scripts/in-namespace`), and `check` looks at that before the first packet.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'

/** What is inside of the lab: the public segment, in IPv6 also what is behind the routers. */
const INSIDE = { 4: '20.0.0.0/24', 6: '2a00::/32' }

/** Addresses that must not be reachable from any namespace: of others, of documentation, and of the lab's own ranges. */
const OUTSIDE = {
  4: ['1.1.1.1', '8.8.8.8', '192.0.2.1', '198.51.100.1', '20.0.1.1', '20.1.0.1'],
  6: ['2606:4700:4700::1111', '2001:4860:4860::8888', '2001:db8::1', '2a00:1::1', '2a00:1450::1', 'fd00::1'],
}

function run(command, ...args) {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const ip = (...args) => run('ip', ...args)
const inside = (space, ...args) => run('ip', 'netns', 'exec', space, ...args)

export class LabNet {
  #spaces = ['internet']
  /** Public numbers by namespace. */
  #numbers = new Map()

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

  /** The address on the public segment of a number from 1 to 254. In IPv6 each is in a /64 of its own: shares are per /64. */
  static publicAddress(number, family) {
    return family === 6 ? `2a00:0:0:${number}::1` : `20.0.0.${number}`
  }

  /** Where a TCP port of that number is, as libp2p writes it. */
  static multiaddr(number, family, port) {
    return `/ip${family}/${LabNet.publicAddress(number, family)}/tcp/${port}`
  }

  /** All addresses of a node's own namespace, in one family. */
  static listen(family, port) {
    return family === 6 ? `/ip6/::/tcp/${port}` : `/ip4/0.0.0.0/tcp/${port}`
  }

  /** A namespace on the public segment. */
  addPublic(space, number) {
    this.#addSpace(space)
    this.#numbers.set(space, number)
    ip('link', 'add', 'wan', 'netns', space, 'type', 'veth', 'peer', 'name', `to-${space}`, 'netns', 'internet')
    ip('-n', 'internet', 'link', 'set', `to-${space}`, 'master', 'segment', 'up')
    ip('-n', space, 'addr', 'add', `${LabNet.publicAddress(number, 4)}/24`, 'dev', 'wan')
    // All public numbers are on this line. `nodad`: nobody has to ask whether the address is free.
    ip('-n', space, 'addr', 'add', `${LabNet.publicAddress(number, 6)}/48`, 'dev', 'wan', 'nodad')
    ip('-n', space, 'link', 'set', 'wan', 'up')
  }

  /**
   * A router on the public segment. `isStrict`: it is silent to what it does not know and takes no connection up in the middle,
   * in IPv6 none from outside either; otherwise it answers with a reset, gives each connection another port by chance, and
   * lets IPv6 through.
   */
  addRouter(space, number, { isStrict }) {
    this.addPublic(space, number)
    inside(space, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
    inside(space, 'sysctl', '-qw', `net.netfilter.nf_conntrack_tcp_loose=${isStrict ? '0' : '1'}`)
    const masquerade = ['iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'wan', '-j', 'MASQUERADE']
    inside(space, ...masquerade, ...(isStrict ? [] : ['--random-fully']))
    if (!isStrict) return
    const drop = (tables, chain, ...what) => inside(space, tables, '-A', chain, ...what, '-j', 'DROP')
    for (const tables of ['iptables', 'ip6tables']) drop(tables, 'FORWARD', '-m', 'conntrack', '--ctstate', 'INVALID')
    drop('ip6tables', 'FORWARD', '-i', 'wan', '-m', 'conntrack', '--ctstate', 'NEW')
    drop('iptables', 'INPUT', '-i', 'wan')
    // In IPv6 the router answers for its address on the segment by ICMP.
    drop('ip6tables', 'INPUT', '-i', 'wan', '-p', 'tcp')
  }

  /** A namespace that is on no line yet. */
  addHost(space) {
    this.#addSpace(space)
  }

  /** A line from a host to a router, which is number 1 on it. It is down at first. The public segment knows the way to its IPv6. */
  addLine(space, line, router, net) {
    ip('link', 'add', line, 'netns', space, 'type', 'veth', 'peer', 'name', `to-${space}`, 'netns', router)
    for (const address of addressesBehind(net, 1)) ip('-n', router, 'addr', 'add', ...address, 'dev', `to-${space}`)
    ip('-n', router, 'link', 'set', `to-${space}`, 'up')
    const via = LabNet.publicAddress(this.#numbers.get(router), 6)
    for (const other of this.#numbers.keys())
      if (other !== router) ip('-n', other, '-6', 'route', 'add', `2a00:0:1:${net}::/64`, 'via', via)
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
      ip('-n', host, 'route', 'add', INSIDE[4], 'via', `${net}.1`)
      // Elsewhere the default route is the one for multicast.
      ip('-n', host, 'route', 'add', '224.0.0.0/4', 'dev', 'lan')
    }
  }

  /** Puts the line up with these addresses, and the way to the public segment through it. */
  lineUp(space, line, net, host) {
    ip('-n', space, 'link', 'set', line, 'up')
    for (const address of addressesBehind(net, host)) ip('-n', space, 'addr', 'replace', ...address, 'dev', line)
    ip('-n', space, 'route', 'replace', INSIDE[4], 'via', `10.0.${net}.1`)
    ip('-n', space, '-6', 'route', 'replace', INSIDE[6], 'via', `2a00:0:1:${net}::1`)
  }

  lineDown(space, line) {
    ip('-n', space, 'link', 'set', line, 'down')
    ip('-n', space, 'addr', 'flush', 'dev', line)
  }

  /** The cable of a namespace on the public segment. */
  plug(space, isIn) {
    ip('-n', 'internet', 'link', 'set', `to-${space}`, isIn ? 'up' : 'down')
  }

  /** The kernel drops what it translated to an address that goes away. IPv6 is not translated. */
  forgetConnections(router) {
    const address = `${LabNet.publicAddress(this.#numbers.get(router), 4)}/24`
    ip('-n', router, 'addr', 'del', address, 'dev', 'wan')
    ip('-n', router, 'addr', 'add', address, 'dev', 'wan')
  }

  /** Before the first packet: nothing outside of the lab has a route from anywhere in it, nor from where it was made. */
  check() {
    for (const [family, addresses] of Object.entries(OUTSIDE)) {
      for (const space of [undefined, ...this.#spaces]) {
        const at = space === undefined ? [] : ['-n', space]
        const ways = ip(...at, `-${family}`, 'route', 'show', 'default').trim()
        if (ways !== '') throw new Error(`${space ?? 'the lab'} has a way out: ${ways}`)
        for (const address of addresses)
          if (hasRoute(at, address)) throw new Error(`${space ?? 'the lab'} has a route to ${address}`)
      }
    }
  }

  #addSpace(space) {
    ip('netns', 'add', space)
    // No router says by itself where to go: every way is set here.
    inside(space, 'sysctl', '-qw', 'net.ipv6.conf.all.accept_ra=0', 'net.ipv6.conf.default.accept_ra=0')
    ip('-n', space, 'link', 'set', 'lo', 'up')
    this.#spaces.push(space)
  }
}

/** Of host `host` on the line of net `net`, with what `ip addr` wants to know of each. */
function addressesBehind(net, host) {
  return [[`10.0.${net}.${host}/24`], [`2a00:0:1:${net}::${host}/64`, 'nodad']]
}

function hasRoute(at, address) {
  try {
    ip(...at, 'route', 'get', address)
    return true
  } catch {
    return false
  }
}
