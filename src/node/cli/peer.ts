/** `peer`: other nodes (spec §11). `<addr>` is taken out of the words before parsing. */
import type { Command } from 'commander'
import type { ResultOf } from '../control/schema.ts'
import type { CheckStep } from '../control/shapes.ts'
import { CommandError } from './io.ts'
import type { Session } from './session.ts'

export function addPeerCommands(program: Command, session: Session): void {
  const peer = program
    .command('peer')
    .usage(
      '(list | add <addr> | <addr> (ping | chains) | <addr> (send | recv | held) <chain> | <addr> check [<chain>] | check <addr> [<chain>])',
    )
    .description('other nodes; <addr> is a multiaddr, host or host:port')

  peer
    .command('list')
    .description('one known peer per line: id, whether connected, addresses')
    .action(async () => {
      const list = await (await session.client()).call('peer.list', {})
      const rows = list.map((peer) => [peer.id, peer.connected ? 'connected' : 'away', peer.addresses.join(' ')])
      await session.answerTable(list, { head: ['PEER', 'STATE', 'ADDRESSES'], rows }, list.map(showPeer))
    })

  peer
    .command('add')
    .description('remember a peer and keep a connection to it')
    .argument('<addr>')
    .action(async (addr: string) => {
      const added = await (await session.client()).call('peer.add', { addr })
      await session.answer(added, added.id ?? '')
      if (!added.connected) await session.note('not connected yet: it is tried again until it answers')
    })

  peer
    .command('ping')
    .description('round trip in ms')
    .action(async () => {
      const addr = session.subject('peer')
      const ping = await (await session.client()).call('peer.ping', { addr })
      await session.answer(ping, String(ping.ms))
    })

  peer
    .command('chains')
    .description('the chains that both have, one per line: name and id')
    .action(async () => {
      const addr = session.subject('peer')
      const shared = await (await session.client()).call('peer.chains', { addr })
      await session.answerLines(
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
        const addr = session.subject('peer')
        const moved = await (await session.client()).call(`peer.${name}`, { addr, chain })
        await session.answer(moved, `${String(moved.new)} / ${String(moved.missing)}`)
      })
  }

  peer
    .command('held')
    .description('fetch the held posts of the peer, to like them here; prints the ids of those that are here now')
    .argument('<chain>')
    .action(async (chain: string) => {
      const addr = session.subject('peer')
      const held = await (await session.client()).call('peer.held', { addr, chain })
      await session.answerLines(held, held.ids.length === 0 ? [] : [held.ids.join(' ')])
      if (held.ids.length === 0) await session.note('the peer gave no held posts')
    })

  peer
    .command('check')
    .description('reach the peer step by step, and say which step fails and what to do; changes nothing')
    .argument('[chain]', 'whether it has this chain too')
    .action(async (chain: string | undefined) => {
      const addr = session.subject('peer')
      const params = chain === undefined ? { addr } : { addr, chain }
      const steps = await (await session.client()).call('peer.check', params)
      await session.answerLines(steps, steps.map(showStep))
      const failed = steps.find(({ state }) => state === 'failed')
      if (failed !== undefined) throw new CommandError(`${failed.step} failed: ${failed.fix ?? failed.why}`)
    })
}

function showStep({ step, state, ms, why }: CheckStep): string {
  return `${step.padEnd(9)} ${state.padEnd(8)} ${String(ms).padStart(5)} ms  ${why}`
}

function showPeer(peer: ResultOf<'peer.list'>[number]): string {
  return [peer.id, peer.connected ? 'connected' : 'away', ...peer.addresses].join(' ')
}
