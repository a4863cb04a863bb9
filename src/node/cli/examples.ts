/**
 * Examples for `--help` (spec §11), by path of the command; all in one table, so that a test finds a command without
 * one. Each is a full command line as a shell takes it, and a test parses each.
 */
import type { Command } from 'commander'

/** Also shows how to keep a key off the command line. */
const SIGN = '--sign=@my.key'

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  '': [
    'freechains start',
    "freechains chains join '#chat'",
    `freechains chain '#chat' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '#chat' log --follow",
  ],
  start: [
    'freechains start',
    'freechains start /var/lib/freechains --config /etc/freechains.yaml',
    'freechains start bob --port=8332 --listen /ip4/0.0.0.0/tcp/8333',
  ],
  stop: ['freechains stop', 'freechains --port=8332 stop'],
  info: ['freechains info', 'freechains info --json'],
  now: ['freechains now', 'freechains now 1700000000000'],
  check: ['freechains check', 'freechains check /var/lib/freechains'],
  crypto: ['freechains crypto pubpvt --new', 'freechains crypto shared - < passphrase.txt'],
  names: ['freechains names list'],
  'names add': ['freechains names add 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61 bob'],
  'names remove': ['freechains names remove bob'],
  'names list': ['freechains names list', 'freechains names list --json'],
  chains: ["freechains chains join '#chat'", 'freechains chains list'],
  'chains join': [
    "freechains chains join '#chat'",
    "freechains chains join '#club' 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
    "freechains chains join '$family' --new-key",
    "freechains chains join '$family' @family.key",
    "freechains chains join '#news' --founder 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
    'freechains chains join - < invite.txt',
    'freechains chains join freechains:1:unsg4y env:KEY',
  ],
  'chains invite': ["freechains chains invite '#chat'", "freechains chains invite '$family' --with-key"],
  'chains leave': ["freechains chains leave '#chat'"],
  'chains list': ['freechains chains list'],
  'chains listen': ['freechains chains listen'],
  chain: [
    "freechains chain '#chat' log",
    `freechains chain '#chat' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '#chat' status",
  ],
  'chain genesis': ["freechains chain '#chat' genesis"],
  'chain founder': [
    "freechains chain '#chat' founder",
    "freechains chain '#chat' founder 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
  ],
  'chain heads': ["freechains chain '#chat' heads", "freechains chain '#chat' heads blocked"],
  'chain traverse': [
    "freechains chain '#chat' traverse all 0_5C97DC",
    "freechains chain '#chat' traverse 2_961768 3_A89E06",
  ],
  'chain consensus': ["freechains chain '#chat' consensus"],
  'chain status': ["freechains chain '#chat' status", "freechains chain '#chat' status --watch"],
  'chain missing': ["freechains chain '#chat' missing", "freechains chain '#chat' missing | wc -l"],
  'chain listen': ["freechains chain '#chat' listen", "freechains chain '#chat' listen --json | head -1"],
  'chain log': [
    "freechains chain '#chat' log --last 100",
    "freechains chain '#chat' log --follow",
    'freechains chain @bob log --json',
    "freechains chain '#chat' log --lens --trust bob --trust carol",
  ],
  'chain graph': [
    "freechains chain '#chat' graph --last 20",
    "freechains chain '#chat' graph --format svg > chat.svg",
    "freechains chain '#chat' graph --format dot | dot -Tpdf -o chat.pdf",
  ],
  'chain get': [
    "freechains chain '#chat' get payload 1_A5AB0E",
    "freechains chain '#chat' get block 1_A5AB0E",
    "freechains chain '$family' get payload 7_0C41D2 file photo.jpg",
  ],
  'chain post': [
    `freechains chain '#chat' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '$family' post file photo.jpg",
    `freechains chain '#chat' post - ${SIGN} < letter.txt`,
    `freechains chain '#chat' post inline ${SIGN} -- '-1 is a number'`,
  ],
  'chain like': [`freechains chain '#chat' like 2_961768 ${SIGN} --why='hello, Bob'`],
  'chain dislike': [`freechains chain '#chat' dislike 2_961768 ${SIGN} --why=spam`],
  'chain reps': [
    "freechains chain '#chat' reps",
    "freechains chain '#chat' reps bob",
    "freechains chain '#chat' reps 2_961768",
    "freechains chain '#chat' reps --lens",
  ],
  'chain remove': ["freechains chain '#chat' remove 2_961768"],
  peer: ['freechains peer list', 'freechains peer add 192.168.0.7', "freechains peer 192.168.0.7 recv '#chat'"],
  'peer list': ['freechains peer list'],
  'peer add': ['freechains peer add 192.168.0.7', 'freechains peer add /dns4/node.example.org/tcp/8331'],
  'peer remove': ['freechains peer remove 192.168.0.7'],
  'peer ping': ['freechains peer 192.168.0.7 ping'],
  'peer chains': ['freechains peer 192.168.0.7:8333 chains'],
  'peer send': ["freechains peer 192.168.0.7 send '#chat'"],
  'peer recv': ["freechains peer 192.168.0.7 recv '#chat'"],
  'peer held': ["freechains peer 192.168.0.7 held '#chat'"],
  'peer check': ['freechains peer 192.168.0.7 check', "freechains peer /dns4/node.example.org/tcp/8331 check '#chat'"],
  completion: [
    'source <(freechains completion bash)',
    'freechains completion zsh > ~/.zfunc/_freechains',
    'freechains completion fish > ~/.config/fish/completions/freechains.fish',
  ],
  complete: ["freechains complete bash 'freechains chain '"],
}

/** Appends its examples to the help of every command. */
export function addExamples(program: Command): void {
  addTo(program, '')
}

function addTo(command: Command, path: string): void {
  const examples = EXAMPLES[path] ?? []
  if (examples.length > 0) {
    command.addHelpText(
      'after',
      `\n${examples.length === 1 ? 'Example' : 'Examples'}:\n${examples.map((line) => `  $ ${line}`).join('\n')}`,
    )
  }
  for (const inner of command.commands) addTo(inner, path === '' ? inner.name() : `${path} ${inner.name()}`)
}
