/**
 * Completion scripts for shells (spec §11): they pass the line to `freechains complete` and offer its answer. All
 * decisions are made there; no part of the line is evaluated.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const BASH = String.raw`# bash completion for freechains; load it with: source <(freechains completion bash)
_freechains() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(command freechains complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  # An option with its equals sign waits for a value.
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == --*= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _freechains freechains
`

const ZSH = String.raw`#compdef freechains
# zsh completion for freechains; load it with: source <(freechains completion zsh)
_freechains() {
  local line
  local -a words_found shown
  for line in "\${(@f)$(command freechains complete zsh -- "\${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    words_found+=("\${line%%$'\t'*}")
    shown+=("\${line/$'\t'/  -- }")
  done
  if (( \${#words_found} )); then
    compadd -l -d shown -a words_found
  else
    _files
  fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _freechains "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _freechains freechains
fi
`

const FISH = String.raw`# fish completion for freechains; load it with: freechains completion fish | source
function __freechains_complete
    set -l found (command freechains complete fish -- (commandline -cp | string collect) 2>/dev/null)
    if test (count $found) -eq 0
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $found
    end
end
complete -c freechains -f -a '(__freechains_complete)'
`

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH.replaceAll('\\$', '$'),
  zsh: ZSH.replaceAll('\\$', '$'),
  fish: FISH,
}
