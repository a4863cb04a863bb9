/** The control port's `chains` methods (spec §10, §11): join, invite, leave, list, listen. */
import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { chainOf, showChainId, typedName, type Chain } from '../../dag/chain.ts'
import { KEY_BYTES } from '../../dag/block-limits.ts'
import { parseAuthorKey, type AuthorKey } from '../../dag/ids.ts'
import { hasFirstPostPioneer } from '../../dag/sound.ts'
import { withoutKeys } from '../base/without-keys.ts'
import { manyChains } from '../chain/many-chains.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers, ResultOf } from '../control/schema.ts'
import { peersForInvite, type InvitePeers } from './invite-peers.ts'
import { chainOfInvite, decodeInvite, encodeInvite } from './invite.ts'
import { mixedScriptsWarning } from './mixed-scripts.ts'
import { newsOf } from './news.ts'
import type { NodeParts } from './node-parts.ts'
import { listenAll } from './subscriptions.ts'
import { peerIdOf } from '../net/host/peer-address.ts'
import { controlErrorOf, orThrow } from './fault-reports.ts'

export function chainsHandlers(
  parts: NodeParts,
): Pick<Handlers, `chains.${'join' | 'invite' | 'leave' | 'list' | 'news' | 'listen'}`> {
  const { chains, host, bootstrap, keyReuse } = parts
  return {
    'chains.join': async ({
      name,
      invite,
      keys: given = [],
      newKey = false,
      founder: typed,
      welcome,
      instead = false,
    }) => {
      if (parts.disk.noRoom !== undefined) throw controlErrorOf(parts.disk.noRoom)
      const founder = typed === undefined ? undefined : orThrow(parseAuthorKey(typed))
      if (invite !== undefined) return joinInvited(parts, invite, { keys: given, founder, welcome, instead })
      const keys = newKey ? [randomBytes(KEY_BYTES).toString('hex')] : given
      if (name?.startsWith('$') === true && keys.length === 0) throw keyNeeded(name)
      const chain = orThrow(chainOf(typedName(name ?? ''), keys))
      keyReuse.join(chain.params.key)
      orThrow(await chains.join(chain, { remember: true, founder, welcome, instead }))
      return joined(chain, tooMany(parts))
    },
    'chains.invite': ({ chain: text, withKey = false }) => {
      const { chain, founder } = orThrow(chains.find(text)).replica
      const { name, key, pioneers } = chain.params
      if (withKey && key === undefined) {
        throw new ControlError('bad-params', `${name} has no key to give away: only groups do; leave --with-key out`)
      }
      const met = bootstrap.filter((address) => host.isConnected(peerIdOf(multiaddr(address)) ?? ''))
      const { peers, reach } = peersForInvite(host.addresses(), met)
      const followed = founder === undefined ? {} : { founder }
      const secret = withKey && key !== undefined ? { key } : {}
      return Promise.resolve({
        invite: encodeInvite({ name, chain: chain.id, pioneers, ...followed, ...secret, peers }),
        peers: [...peers],
        notes: [
          ...keyNotes(chain, withKey),
          ...founderNotes(chain, founder),
          ...reachNotes({ peers, ...(reach === undefined ? {} : { reach }) }),
        ],
      })
    },
    'chains.leave': async ({ name }) => {
      const found = chains.find(name)
      return found.ok ? chains.leave(found.value.replica.chain) : chains.removeLeftOver(name)
    },
    'chains.list': () =>
      Promise.resolve([
        ...chains.all().map(({ replica }) => listed(replica.chain)),
        ...chains.leftOvers().map(({ name = '', id, bytes }) => ({ name, id, leftOver: bytes })),
      ]),
    'chains.news': (params) => Promise.resolve(chains.all().map(({ replica }) => newsOf(replica, params))),
    'chains.listen': ({ from }, { signal }) => listenAll(parts, from, signal),
  }
}

/** Joins the chain of an invite and adds its peers. The peers need not be reachable. */
async function joinInvited(
  parts: NodeParts,
  text: string,
  given: {
    readonly keys: readonly string[]
    readonly founder?: AuthorKey | undefined
    readonly welcome?: boolean | undefined
    readonly instead: boolean
  },
): Promise<ResultOf<'chains.join'>> {
  const { chains, host, addedPeers, keyReuse } = parts
  const invite = orThrow(decodeInvite(text))
  const chain = orThrow(chainOfInvite(invite, given.keys))
  const founder = given.founder ?? invite.founder
  keyReuse.join(chain.params.key)
  orThrow(await chains.join(chain, { remember: true, founder, welcome: given.welcome, instead: given.instead }))
  const peers = invite.peers.map((peer) => multiaddr(peer))
  const others = peers.filter((peer) => !host.isSelf(peer))
  await addedPeers.add(others)
  const note = 'the invite names this node itself, which is not added as a peer'
  return joined(chain, [...tooMany(parts), ...(others.length === peers.length ? [] : [note])])
}

function listed(chain: Chain): ResultOf<'chains.list'>[number] {
  const { name } = chain.params
  const warning = mixedScriptsWarning(name)
  return { name, id: showChainId(chain), ...(warning === undefined ? {} : { warning }) }
}

function joined(chain: Chain, others: readonly string[]): ResultOf<'chains.join'> {
  const { name } = chain.params
  const warning = mixedScriptsWarning(name)
  const notes = [...others, ...(warning === undefined ? [] : [warning])]
  return { id: showChainId(chain), name, ...(notes.length === 0 ? {} : { notes }) }
}

/** A limit that stays is told to whoever meets it. */
function tooMany({ chains }: NodeParts): string[] {
  const words = manyChains(chains.all().length)
  return words === undefined ? [] : [words]
}

/** A group's key makes the chain: who types another one joins another group of that name, and is alone there. */
function keyNeeded(name: string): ControlError {
  const shown = withoutKeys(name)
  return new ControlError(
    'key-needed',
    `${shown} is a group, and no key of it was given: found a new one with \`freechains chains join '${shown}' --new-key\`; ` +
      'to join one that exists, ask a member for an invite, or for its key and put it behind the name',
  )
}

function founderNotes(chain: Chain, founder: AuthorKey | undefined): string[] {
  if (!hasFirstPostPioneer(chain) || founder !== undefined) return []
  const { name } = chain.params
  return [
    `nobody has founded ${name} here, so no founder is in it: who joins by it has to choose one; post first, or choose with ` +
      `\`freechains chain '${name}' founder <pub>\`, and make the invite then`,
  ]
}

function keyNotes({ params: { name, key } }: Chain, withKey: boolean): string[] {
  if (key === undefined) return []
  if (withKey) {
    return [
      `whoever gets hold of this invite reads and writes everything in ${name}, for ever: the key is in it and cannot be ` +
        'taken back; give it to members alone, and by no public way',
    ]
  }
  return [
    `the key of ${name} is not in it: give the key by another way, for \`freechains chains join <invite> <key>\`, ` +
      'or make the invite --with-key',
  ]
}

function reachNotes({ peers, reach }: InvitePeers): string[] {
  if (peers.length === 0) {
    return [
      'it names no peer, for this node has no address: who joins finds others only by himself (DHT, LAN, `peer add`)',
    ]
  }
  if (reach === 'machine') return ['the addresses of this node in it work on this machine only']
  if (reach === 'network') {
    return [
      'the addresses of this node in it work on its own network only; to be reached from elsewhere, forward its port and ' +
        'name the public address under `appendAnnounce`',
    ]
  }
  return []
}
