// Addresses that nobody configured, in a closed lab: `scripts/in-namespace lan.mjs`. A node with a public address on its interface
// tells others that one; two nodes behind one router, who know only that node, meet on the LAN's addresses by mDNS, since nobody's
// word about private addresses is taken who was not met on one; a post made at one comes to the other while the router is off; and
// two nodes with copies of one data directory, who meet nobody else, say so.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDaemon } from './daemon.mjs'
import { LabNet } from './lab-net.mjs'

const WITHIN_MS = 60_000
const PORT = 8331
const [PUBLIC_NUMBER, ROUTER_NUMBER, LAN] = [10, 2, '10.0.5']
const PUBLIC = LabNet.publicAddress(PUBLIC_NUMBER, 4)

const lab = new LabNet()
lab.addPublic('public', PUBLIC_NUMBER)
lab.addRouter('router', ROUTER_NUMBER, { isStrict: true })
lab.addLan('router', LAN, ['anna', 'bert', 'copy'])
lab.check()

const root = await mkdtemp(join(tmpdir(), 'lan-'))
const children = []
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')))
const start = (name, control, config) =>
  startDaemon({
    root,
    name,
    prefix: LabNet.prefix(name),
    config: { listen: [`/ip4/0.0.0.0/tcp/${PORT}`], control: `127.0.0.1:${control}`, discovery: {}, ...config },
    onSpawn: (child) => children.push(child),
  })

async function until(what, ask) {
  const fromMs = performance.now()
  while (!(await ask())) {
    if (performance.now() - fromMs > WITHIN_MS) throw new Error(`not within a minute: ${what}`)
    await sleep(200)
  }
  console.log(`${Math.round((performance.now() - fromMs) / 1000)} s: ${what}`)
}

const bootstrap = await start('public', 8340, {})
const told = bootstrap.addresses.filter((address) => address.startsWith(`/ip4/${PUBLIC}/`))
if (told.length !== 1) throw new Error(`a public address on an interface is not told: ${bootstrap.addresses.join(' ')}`)
const config = { bootstrap: told }
const anna = await start('anna', 8341, config)
const bert = await start('bert', 8342, config)
const { peerId } = await bert.client.call('host.info', {})
const peersOf = (node) => node.client.call('peer.list', {})
await until('both know the public node', async () => {
  const lists = await Promise.all([anna, bert].map(peersOf))
  return lists.every((list) =>
    list.some(({ connected, addresses = [] }) => connected && `${addresses}`.includes(PUBLIC)),
  )
})
await until('they are connected in the LAN', async () =>
  (await peersOf(anna)).some((peer) => peer.id === peerId && peer.connected),
)

lab.plug('router', false)
const { pub, pvt } = await anna.client.call('keys.pubpvt', { passphrase: 'the owner of the square' })
const chain = `@${pub}`
for (const node of [anna, bert]) await node.client.call('chains.join', { name: chain })
const { id } = await anna.client.call('chain.post', { chain, text: 'hello', sign: pvt })
await until('a post crosses without the internet', async () => {
  const heads = await bert.client.call('chain.heads', { chain })
  return heads.includes(id)
})
for (const { client, child } of [anna, bert]) {
  const gone = new Promise((resolve) => child.once('exit', resolve))
  client.close()
  child.kill('SIGTERM')
  await gone
}
await cp(join(root, 'anna'), join(root, 'copy'), { recursive: true })
const twins = [await start('anna', 8341, {}), await start('copy', 8343, {})]
await until('two nodes with one key say so', async () => {
  const infos = await Promise.all(twins.map(({ client }) => client.call('host.info', {})))
  return infos.every(({ warning = '' }) => warning.includes('another node runs with the key of this one'))
})
await rm(root, { recursive: true, force: true })
process.exit(0)
