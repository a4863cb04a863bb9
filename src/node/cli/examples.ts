/**
 * Examples for `--help` (spec §11), by path of the command; all in one table, so that a test finds a command without
 * one. Each is a full command line as a shell takes it, and a test parses each.
 */
import type { Command } from 'commander'

/** A key that `keys new` made. */
const SIGN = '--as ana'

export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  '': [
    'freechains start',
    "freechains chains join '#bom-dia'",
    `freechains chain '#bom-dia' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '#bom-dia' log --follow",
  ],
  start: [
    'freechains start',
    'freechains start /var/lib/freechains --config /etc/freechains.yaml',
    'freechains start bob --port=8340 --listen /ip4/0.0.0.0/tcp/8341',
  ],
  stop: ['freechains stop', 'freechains --port=8340 stop'],
  web: ['freechains web', 'freechains web --no-open'],
  info: ['freechains info', 'freechains info --json'],
  now: ['freechains now', 'freechains now 1700000000000'],
  check: ['freechains check', 'freechains check /var/lib/freechains'],
  crypto: ['freechains crypto pubpvt --new', 'freechains crypto shared - < passphrase.txt'],
  keys: ['freechains keys new ana', "freechains chain '#bom-dia' post inline 'Bom Dia!' --as ana"],
  'keys new': ['freechains keys new ana', 'freechains keys new bot --no-passphrase'],
  'keys list': ['freechains keys list', 'freechains keys list --json'],
  'keys show': ['freechains keys show ana', 'freechains keys show --json'],
  'keys export': ['freechains keys export ana ana.key', 'freechains keys export ana --words'],
  'keys import': ['freechains keys import ana ana.key', 'freechains keys import ana --words'],
  'keys rename': ['freechains keys rename ana ana.old'],
  'keys delete': ['freechains keys delete ana.old'],
  'keys default': ['freechains keys default ana', "freechains keys default work --chain '#bom-dia'"],
  'keys shared': ['freechains keys shared --new'],
  'keys pubpvt': ['freechains keys pubpvt --new'],
  names: ['freechains names list'],
  'names add': ['freechains names add 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61 bob'],
  'names remove': ['freechains names remove bob'],
  'names list': ['freechains names list', 'freechains names list --json'],
  mute: ['freechains mute bob'],
  unmute: ['freechains unmute bob'],
  mutes: ['freechains mutes'],
  inbox: [
    'freechains inbox',
    'freechains inbox --peek --json',
    `freechains inbox --follow --exec 'notify-send "$FREECHAINS_AUTHOR in $FREECHAINS_CHAIN" "$FREECHAINS_TEXT"'`,
  ],
  chains: ["freechains chains join '#bom-dia'", 'freechains chains list'],
  'chains join': [
    "freechains chains join '#bom-dia'",
    "freechains chains join '#club' 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
    "freechains chains join '#club' --pioneers me,ana,bruno",
    "freechains chains join '#club' --welcome",
    "freechains chains join '$family' --new-key",
    "freechains chains join '$family' @family.key",
    "freechains chains join '#news' --founder 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
    'freechains chains join - < invite.txt',
    'freechains chains join freechains:1:unsg4y env:KEY',
  ],
  'chains invite': ["freechains chains invite '#bom-dia'", "freechains chains invite '$family' --with-key"],
  'chains leave': ["freechains chains leave '#bom-dia'"],
  'chains list': ['freechains chains list'],
  'chains listen': ['freechains chains listen'],
  chain: [
    "freechains chain '#bom-dia' log",
    `freechains chain '#bom-dia' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '#bom-dia' status",
  ],
  'chain genesis': ["freechains chain '#bom-dia' genesis"],
  'chain founder': [
    "freechains chain '#bom-dia' founder",
    "freechains chain '#bom-dia' founder 300C0F41A5EF06B5A0CF16BF3C0B2D4E7A1C9F53D2E8B7460A1F5C3D9E8B7A61",
  ],
  'chain heads': ["freechains chain '#bom-dia' heads", "freechains chain '#bom-dia' heads blocked"],
  'chain traverse': [
    "freechains chain '#bom-dia' traverse all 0_5C97DC",
    "freechains chain '#bom-dia' traverse 2_961768 3_A89E06",
  ],
  'chain consensus': ["freechains chain '#bom-dia' consensus"],
  'chain status': ["freechains chain '#bom-dia' status", "freechains chain '#bom-dia' status --watch"],
  'chain missing': ["freechains chain '#bom-dia' missing", "freechains chain '#bom-dia' missing | wc -l"],
  'chain listen': ["freechains chain '#bom-dia' listen", "freechains chain '#bom-dia' listen --json | head -1"],
  'chain log': [
    "freechains chain '#bom-dia' log --last 100",
    "freechains chain '#bom-dia' log --follow",
    'freechains chain @bob log --json',
    "freechains chain '#bom-dia' log --since yesterday --author bob",
    "freechains chain '#bom-dia' log --type 'image/*' --last 1000",
    "freechains chain '#bom-dia' log --lens --trust bob --trust carol",
  ],
  'chain graph': [
    "freechains chain '#bom-dia' graph --last 20",
    "freechains chain '#bom-dia' graph --format svg > chat.svg",
    "freechains chain '#bom-dia' graph --format dot | dot -Tpdf -o chat.pdf",
  ],
  'chain get': [
    "freechains chain '#bom-dia' get payload 1_A5AB0E",
    "freechains chain '#bom-dia' get block 1_A5AB0E",
    "freechains chain '$family' get payload 7_0C41D2 file photo.jpg",
  ],
  'chain post': [
    `freechains chain '#bom-dia' post inline 'Bom Dia!' ${SIGN}`,
    "freechains chain '$family' post file photo.jpg",
    `freechains chain '#bom-dia' post - ${SIGN} < letter.txt`,
    `freechains chain '#bom-dia' post inline ${SIGN} -- '-1 is a number'`,
  ],
  'chain like': [`freechains chain '#bom-dia' like 2_961768 ${SIGN} --why='hello, Bob'`],
  'chain welcome': [
    `freechains chain '#bom-dia' welcome ${SIGN}`,
    `freechains chain '#bom-dia' welcome 2_961768 ${SIGN}`,
    `freechains chain '#bom-dia' welcome all ${SIGN}`,
  ],
  'chain dislike': [`freechains chain '#bom-dia' dislike 2_961768 ${SIGN} --why=spam`],
  'chain reps': [
    "freechains chain '#bom-dia' reps",
    "freechains chain '#bom-dia' reps bob",
    "freechains chain '#bom-dia' reps 2_961768",
    "freechains chain '#bom-dia' reps --lens",
  ],
  'chain remove': ["freechains chain '#bom-dia' remove 2_961768"],
  peer: ['freechains peer list', 'freechains peer add 192.168.0.7', "freechains peer 192.168.0.7 recv '#bom-dia'"],
  'peer list': ['freechains peer list'],
  'peer add': ['freechains peer add 192.168.0.7', 'freechains peer add /dns4/node.example.org/tcp/8331'],
  'peer remove': ['freechains peer remove 192.168.0.7'],
  'peer ping': ['freechains peer 192.168.0.7 ping'],
  'peer chains': ['freechains peer 192.168.0.7:8333 chains'],
  'peer send': ["freechains peer 192.168.0.7 send '#bom-dia'"],
  'peer recv': ["freechains peer 192.168.0.7 recv '#bom-dia'"],
  'peer held': [
    "freechains peer 192.168.0.7 held '#bom-dia'",
    "freechains peer 12D3KooWGjSE7eCu5f1Pa8pGxscmoEcdQ5BRMGqbyMvL2dhrPCS5 held '#bom-dia'",
  ],
  'peer check': [
    'freechains peer 192.168.0.7 check',
    "freechains peer /dns4/node.example.org/tcp/8331 check '#bom-dia'",
  ],
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
