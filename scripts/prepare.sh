# Sourced by the other scripts, from the top of the repository: checks Node, installs what the lock file says, builds.

check_node() {
  if ! command -v node >/dev/null; then
    echo 'Freechains needs Node 20.19 or newer, and there is no `node` on the PATH: see https://nodejs.org' >&2
    exit 1
  fi
  if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
    echo "Freechains needs Node 20.19 or newer; this is $(node --version): see https://nodejs.org" >&2
    exit 1
  fi
}

# The lock file as installed is kept inside node_modules: times of files say nothing after a checkout.
install_if_needed() {
  local stamp=node_modules/.installed-lock
  if ! cmp -s package-lock.json "$stamp"; then
    echo 'Installing packages (npm ci --ignore-scripts) …' >&2
    npm ci --ignore-scripts >&2
    cp package-lock.json "$stamp"
  fi
}

# Anything newer than the last build, or a file that came or went (its folder is then newer), means building again.
build_if_needed() {
  local stamp=dist/.built
  if [ ! -e "$stamp" ] || [ ! -e packages/client/dist ] || [ ! -e dist/web ] || [ -n "$(find src apps scripts/bundle.mjs tsconfig.json tsconfig.build.json packages/client/tsconfig.json package-lock.json -newer "$stamp" -print -quit)" ]; then
    echo 'Building …' >&2
    rm -rf dist packages/client/dist
    npm run --silent build >&2
    touch "$stamp"
  fi
}
