/** `peer`: other nodes (spec §11). `<addr>` is taken out of the words before parsing. */
import type { Command } from 'commander'
import type { ResultOf } from '../../control/schema.ts'
import type { PeerCheckStep } from '../../control/shapes.ts'
import { CommandError } from '../io.ts'
import type { CommandContext } from '../command-context.ts'

export function addPeerCommands(program: Command, context: CommandContext): void {
  const peer = program
    .command('peer')
    .usage(
      '(list | add <addr> | remove <addr|id> | <addr> (ping | chains) | <addr> (send | recv | held) <chain> | <addr> check [<chain>] | check <addr> [<chain>])',
    )
    .description(
      'other nodes; <addr> is a multiaddr, host or host:port, or, but for add, ping and check, a peer id or your name for one',
    )

  peer
    .command('list')
    .description('one peer per line: id (- if nobody knows it yet), connected or away, addresses; if away, why')
    .action(async () => {
      const list = await (await context.client()).call('peer.list', {})
      const head = ['PEER', 'STATE', 'ADDRESSES', ...(list.some(({ why }) => why !== undefined) ? ['WHY'] : [])]
      const rows = list.map((peer) => [...cellsOf(peer), whyOf(peer)].slice(0, head.length))
      await context.answerTable(list, { head, rows }, list.map(showPeer))
    })

  peer
    .command('add')
    .description('remember a peer and keep a connection to it')
    .argument('<addr>')
    .action(async (addr: string) => {
      const added = await (await context.client()).call('peer.add', { addr })
      await context.answerLines(added, added.id === undefined ? [] : [added.id])
      if (!added.connected) await context.note('not connected yet: it is tried again until it answers')
    })

  peer
    .command('remove')
    .description('undo `peer add`: forget the peer, and let go of its connection')
    .argument('<addr|id>', 'as `peer list` shows it: an address, or the peer id for all of its addresses')
    .action(async (addr: string) => {
      const { removed, configured } = await (await context.client()).call('peer.remove', { addr })
      await context.answerLines(removed, removed)
      if (configured.length > 0)
        await context.note(`the config file names ${configured.join(' ')} too, which stays: take it out there`)
    })

  peer
    .command('ping')
    .description('round trip in ms')
    .action(async () => {
      const addr = await context.peer()
      const ping = await (await context.client()).call('peer.ping', { addr })
      await context.answer(ping, String(ping.ms))
    })

  peer
    .command('chains')
    .description('the chains that both have, one per line: name and id')
    .action(async () => {
      const addr = await context.peer()
      const shared = await (await context.client()).call('peer.chains', { addr })
      await context.answerLines(
        shared,
        shared.map((chain) => `${chain.name} ${chain.id}`),
      )
    })

  for (const [name, description] of [
    ['send', 'offer a chain to the peer now; prints the blocks it gained / the blocks it still lacks'],
    ['recv', 'fetch a chain from the peer now; prints the blocks gained / the blocks still lacking'],
  ] as const) {
    peer
      .command(name)
      .description(description)
      .argument('<chain>')
      .action(async (chain: string) => {
        const addr = await context.peer()
        const moved = await (await context.client()).call(`peer.${name}`, { addr, chain })
        await context.answer(moved, `${String(moved.new)} / ${String(moved.missing)}`)
        if (moved.delayed !== undefined) await context.note(delayedNote(name, chain, moved.delayed))
      })
  }

  peer
    .command('held')
    .description('fetch the held posts of the peer, to like them here; prints the ids of those that are here now')
    .argument('<chain>')
    .action(async (chain: string) => {
      const addr = await context.peer()
      const held = await (await context.client()).call('peer.held', { addr, chain })
      await context.answerLines(held, held.ids.length === 0 ? [] : [held.ids.join(' ')])
      if (held.ids.length === 0) await context.note('the peer gave no held posts')
    })

  peer
    .command('check')
    .description('reach the peer step by step, and say which step fails and what to do; changes nothing')
    .argument('[chain]', 'whether it has this chain too')
    .action(async (chain: string | undefined) => {
      const addr = await context.peer()
      const params = chain === undefined ? { addr } : { addr, chain }
      const steps = await (await context.client()).call('peer.check', params)
      await context.answerLines(steps, steps.map(showStep))
      const failed = steps.find(({ state }) => state === 'failed')
      if (failed !== undefined) throw new CommandError(`${failed.step} failed: ${failed.fix ?? failed.why}`)
    })
}

function delayedNote(name: 'send' | 'recv', chain: string, delayed: number): string {
  const where = name === 'send' ? 'there' : 'here'
  return `${String(delayed)} of those missing are kept back ${where} for a while; see \`chain ${chain} status\` ${where}`
}

function showStep({ step, state, ms, why }: PeerCheckStep): string {
  return `${step.padEnd(9)} ${state.padEnd(8)} ${String(ms).padStart(5)} ms  ${why}`
}

type Peer = ResultOf<'peer.list'>[number]

function cellsOf({ id, connected, addresses }: Peer): string[] {
  return [id ?? '-', connected ? 'connected' : 'away', addresses.join(' ')]
}

function whyOf({ why, nextTryMs }: Peer): string {
  if (why === undefined) return ''
  return nextTryMs === undefined || nextTryMs === 0
    ? why
    : `${why}; next try in ${String(Math.ceil(nextTryMs / 1000))} s`
}

/** The reason comes last, in brackets: there may be several addresses, and none has a bracket. */
function showPeer(peer: Peer): string {
  return [...cellsOf(peer), ...(peer.why === undefined ? [] : [`(${whyOf(peer)})`])].join(' ')
}
