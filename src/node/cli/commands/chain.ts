/** `chain`: the blocks of one chain (spec §11). The chain is taken out of the words before parsing. */
import { Argument, type Command } from 'commander'
import { postSigned } from '../../control/client/signing.ts'
import type { ResultOf } from '../../control/schema.ts'
import { labelOfFile } from '../content-type.ts'
import { readPayload, writeWhole } from '../payload-files.ts'
import { UsageError } from '../io.ts'
import { addReputationCommands } from './reputation.ts'
import { addGraphCommand } from './graph.ts'
import { addLogCommand } from './log.ts'
import { addSignOptions, whoSigns, type SignOptions } from '../keys/who-signs.ts'
import { KEY_FORMS, readKey } from '../secrets.ts'
import { showEvent, type CommandContext } from '../command-context.ts'
import { addStatusCommand } from './status.ts'
import { addWelcomeCommand } from './welcome.ts'
import { requireUtf8 } from '../argument-values.ts'

export function addChainCommands(program: Command, context: CommandContext): void {
  const chain = program
    .command('chain')
    .usage('<chain> <command> [arguments] [options]')
    .description("one chain: '#forum', '$group', '@PUB', or its id 0_…")
  addReading(chain, context)
  addStatusCommand(chain, context)
  addLogCommand(chain, context)
  addGraphCommand(chain, context)
  addGet(chain, context)
  addPost(chain, context)
  addReputationCommands(chain, context)
  addWelcomeCommand(chain, context)
}

function showFounders({ founder, founders }: ResultOf<'chain.founder'>): string {
  const seen = founders.map(
    ({ pub, blocks, peers }) => `seen:     ${pub} ${String(blocks)} blocks at ${peers.join(', ')}`,
  )
  return [`follows:  ${founder ?? 'nobody yet'}`, ...seen].join('\n')
}

function addReading(chain: Command, context: CommandContext): void {
  chain
    .command('genesis')
    .description('the id of the genesis block')
    .action(async () => {
      const id = await (await context.client()).call('chain.genesis', { chain: await context.chain() })
      await context.answer(id, id)
    })

  chain
    .command('founder')
    .description('whom a forum follows, and whom peers follow; with a public key, choose')
    .argument('[pub]', 'the founder whose blocks alone are taken; again until the first block has come')
    .action(async (pub?: string) => {
      const params = { chain: await context.chain(), ...(pub === undefined ? {} : { pub }) }
      const answer = await (await context.client()).call('chain.founder', params)
      await context.answer(answer, showFounders(answer))
    })

  chain
    .command('heads')
    .description('ids of the blocks that no block links to yet; blocked: of held posts, which wait for a like')
    .addArgument(
      new Argument('[state]', 'linked, blocked (held posts) or all: linked, then blocked')
        .choices(['linked', 'blocked', 'all'])
        .default('linked'),
    )
    .action(async (state: 'linked' | 'blocked' | 'all') => {
      const ids = await (await context.client()).call('chain.heads', { chain: await context.chain(), state })
      await context.answer(ids, ids.join(' '))
    })

  chain
    .command('traverse')
    .usage('[all | linked] <ids...>')
    .description('ids of the blocks that are neither the given ones nor in their past, in order')
    .argument('<ids...>', 'all before the ids adds the held posts, which wait for a like')
    .action(async (words: string[]) => {
      const [first = '', ...rest] = words
      const isScope = first === 'all' || first === 'linked'
      const from = isScope ? rest : words
      if (from.length === 0) throw new UsageError('from which ids on? (0_… is the genesis)')
      const params = { chain: await context.chain(), from, ...(first === 'all' ? { all: true } : {}) }
      const ids = await (await context.client()).call('chain.traverse', params)
      await context.answer(ids, ids.join(' '))
    })

  chain
    .command('consensus')
    .description('ids of all accepted blocks in order, the genesis first')
    .action(async () => {
      const ids = await (await context.client()).call('chain.consensus', { chain: await context.chain() })
      await context.answer(ids, ids.join(' '))
    })

  chain
    .command('missing')
    .description('payloads that nobody has given us yet, one per line: id, bytes, author, why')
    .action(async () => {
      const list = await (await context.client()).call('chain.missing', { chain: await context.chain() })
      await context.answerLines(
        list,
        list.map(({ id, size, author, why }) => `${id} ${String(size)} ${author ?? 'unsigned'} ${why}`),
      )
    })

  chain
    .command('listen')
    .description(
      'print the id of each new block, and what becomes of it: held, hidden, withdrawn; until Ctrl-C, over restarts too',
    )
    .action(async () => {
      const chain = await context.chain()
      await context.keepListening((client) => context.answerEvents(client.listen(chain, {}), showEvent))
    })
}

function addGet(chain: Command, context: CommandContext): void {
  chain
    .command('get')
    .usage('(block | payload) <id> [file (<path> | -)] [--decrypt=PVT]')
    .description('print a block (with its state and reps) or its payload, or write it to a file')
    .addArgument(new Argument('<part>', 'what to get').choices(['block', 'payload']))
    .argument('<id>', 'the id, or at least six of its hex digits')
    .addArgument(new Argument('[to]', 'where to write it').choices(['file']))
    .argument('[path]', '- is stdout')
    .option('--decrypt <pvt>', `the owner's private key, for a sealed payload; ${KEY_FORMS}`)
    .action(
      async (part: 'block' | 'payload', id: string, to?: string, path?: string, options?: { decrypt?: string }) => {
        if (to !== undefined && path === undefined) throw new UsageError('file: which path?')
        const key =
          options?.decrypt === undefined ? {} : { decrypt: await readKey(options.decrypt, '--decrypt', context.io) }
        const client = await context.client()
        const got = await client.call('chain.get', { chain: await context.chain(), id, part, ...key })
        const text = typeof got === 'string' ? got : JSON.stringify(got, null, 2)
        const isPayload = typeof got === 'string'
        if (path !== undefined && path !== '-') {
          const bytes = isPayload ? Buffer.from(text, 'base64') : Buffer.from(`${text}\n`)
          await writeWhole(path, bytes, context.io)
          if (context.isJson) await context.answer({ path, bytes: bytes.length }, '')
        } else if (isPayload) await context.answerBytes(text)
        else await context.answer(got, text)
      },
    )
}

interface PostOptions extends SignOptions {
  readonly encrypt?: true
  readonly type?: string
  readonly name?: string
  readonly replyTo?: string
}

function addPost(chain: Command, context: CommandContext): void {
  addSignOptions(chain.command('post'))
    .usage(
      '(inline <text> | file <path> | -) [--as NAME | --sign=PVT] [--encrypt] [--type=TYPE] [--name=NAME] [--reply-to=ID]',
    )
    .description('post a message and print its id; from a file, it says the name and the media type of the file')
    .addArgument(new Argument('<how>', 'where the message is; - is stdin').choices(['inline', 'file', '-']))
    .argument('[what]', 'the text (behind -- if it begins with a dash), or the path')
    .option('--unsigned', 'sign with no key, though there is a default one')
    .option('--encrypt', 'seal it to the owner of an @ chain')
    .option('--type <type>', 'its media type, such as text/markdown')
    .option('--name <name>', 'its file name')
    .option('--reply-to <id>', 'the post that it answers, or at least six of the hex digits of its id')
    .action(async (how: 'inline' | 'file' | '-', what: string | undefined, options: PostOptions) => {
      if (how !== '-' && what === undefined)
        throw new UsageError(`post ${how}: which ${how === 'file' ? 'path' : 'text'}?`)
      if (how === '-' && what !== undefined) throw new UsageError('post -: the message is on stdin, nothing follows')
      if (how === '-' && (options.sign === '-' || options.passphrase === '-'))
        throw new UsageError('post -: the message is on stdin: take the key from a file or the environment')
      const content =
        how === 'inline'
          ? { text: requireUtf8(what ?? '', 'the text', 'post - and post file take bytes as they are') }
          : { payload: await readPayload(what, context.io) }
      const request = {
        chain: await context.chain(),
        ...content,
        ...(options.encrypt === true ? { encrypt: true } : {}),
        ...aboutContent({ ...(await labelFound(how, what, content, options)), ...options }),
      }
      const signer = await whoSigns(options, context)
      const client = await context.client()
      const posted =
        signer === undefined ? await client.call('chain.post', request) : await postSigned(client, request, signer)
      await context.answer(posted, posted.id)
      const why = posted.why ?? ''
      if (why !== '') await context.note(why)
      else if (posted.state === 'held') await context.note('held: not accepted yet')
    })
}

/** Sealed to an owner, a post may not say what it is (spec §3). From stdin, nothing is known. */
async function labelFound(
  how: 'inline' | 'file' | '-',
  path: string | undefined,
  content: { readonly payload?: string },
  options: PostOptions,
): Promise<{ type?: string; name?: string }> {
  if (how !== 'file' || path === undefined || options.encrypt === true) return {}
  return await labelOfFile(path, Buffer.from(content.payload ?? '', 'base64'))
}

/** What the post says of its payload, and which post it answers. @throws {CommandError} */
function aboutContent({ type, name, replyTo }: PostOptions): { type?: string; name?: string; re?: string } {
  return {
    ...(type === undefined ? {} : { type }),
    ...(name === undefined ? {} : { name: requireUtf8(name, 'the name', 'type it in UTF-8') }),
    ...(replyTo === undefined ? {} : { re: replyTo }),
  }
}
