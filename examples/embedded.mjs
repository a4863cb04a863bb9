/**
 * Two nodes in one process: the second knows the first, both follow a forum, and what is posted at one is read at the other.
 * `node examples/embedded.mjs`, in a checkout that is built or beside a `node_modules` with freechains in it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'freechains'

const CHAIN = '#demo'
const folder = await mkdtemp(join(tmpdir(), 'freechains-'))

/** On loopback, on ports that the system chooses, with peers from the configuration alone. */
async function start(name, peers) {
  const config = {
    dataDir: join(folder, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    control: '127.0.0.1:0',
    discovery: { dht: false, mdns: false },
    peers,
  }
  return await startNode(config, { stateDir: join(folder, 'state') })
}

const first = await start('first', [])
const second = await start('second', first.addresses())
try {
  const [writer, reader] = await Promise.all([first.connect(), second.connect()])
  const { pub, pvt } = await writer.call('keys.pubpvt', { passphrase: 'a passphrase that nobody guesses' })
  // Anybody can found a forum of this name: both follow the one of this key.
  for (const client of [writer, reader]) await client.call('chains.join', { name: CHAIN, founder: pub })
  const { id } = await writer.call('chain.post', { chain: CHAIN, text: 'hello from the first node', sign: pvt })
  // Everything there is, then everything that comes.
  for await (const event of reader.listen(CHAIN, { from: [] })) {
    if (event.id !== id) continue
    const payload = await reader.call('chain.get', { chain: CHAIN, id, part: 'payload' })
    console.log(`the second node has ${id}: ${Buffer.from(payload, 'base64').toString()}`)
    break
  }
} finally {
  await Promise.all([first.stop(), second.stop()])
  await rm(folder, { recursive: true, force: true })
}
