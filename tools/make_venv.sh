#!/bin/sh
# Make the project's virtual environment, or bring it up to date. Usage: make_venv.sh [EXTRA], run by the Makefile.
#
# EXTRA is an extra of pyproject.toml, such as dev. Variables: VENV is the folder to make (.venv), PYTHON the interpreter
# to use (the newest supported one on the path). The file VENV/complete is written last. It names the extra, a checksum of
# pyproject.toml and the folder, so an environment without it, or with another, is not taken for a finished one.
set -u
export PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1

extra=${1:-}
venv=${VENV:-.venv}
needed_mb=3500
supported="3.13 3.12 3.11"
done_mark=$venv/complete
log=$venv/install.log

say() { printf '%s\n' "$*" >&2; }
fail() { say "polyseme: $*"; exit 1; }

# --- What is here ------------------------------------------------------------------------------------------------------

state() { echo "$(cksum < pyproject.toml | cut -d' ' -f1) $(pwd -P)"; }

# The environment is finished if its mark fits this checkout, has at least the extra, and its Python runs.
is_complete() {
  [ -f "$done_mark" ] || return 1
  mark=$(cat "$done_mark")
  [ "$mark" = "extra=$extra $(state)" ] || [ "$mark" = "extra=dev $(state)" ] || return 1
  works "$(venv_python)"
}

venv_python() { if [ -x "$venv/Scripts/python.exe" ]; then echo "$venv/Scripts/python.exe"; else echo "$venv/bin/python"; fi; }

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

is_supported() { case " $supported " in *" $1 "*) [ -n "$1" ] ;; *) false ;; esac; }

works() { is_supported "$(version_of "$1")"; }

# Set `python` to the interpreter to use and `found` to its version. Leave `python` empty where none fits.
# `without_venv` is then a supported version that cannot make environments, and `others` lists unsupported versions.
choose_python() {
  python='' found='' without_venv='' others=''
  if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
  else
    candidates=''
    for version in $supported; do candidates="$candidates python$version"; done
    candidates="$candidates python3 python"
  fi
  for candidate in $candidates; do
    command -v "$candidate" >/dev/null 2>&1 || continue
    version=$(version_of "$candidate") || continue # a launcher of another tool, without the interpreter
    if ! is_supported "$version"; then
      case " $others " in *" $version "*) ;; *) others="$others $version" ;; esac
    elif "$candidate" -c 'import venv, ensurepip' >/dev/null 2>&1; then
      python=$candidate found=$version
      return
    elif [ -z "$without_venv" ]; then
      without_venv=$version
    fi
  done
}

free_mb() { df -Pk "$(dirname "$venv")" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }'; }

# Print why pip cannot make the environment, and what to do. Print nothing where it can.
obstacle() {
  free=$(free_mb)
  if [ -n "$python" ]; then
    if [ -n "$free" ] && [ "$free" -lt "$needed_mb" ]; then
      echo "the environment needs 3.5 GB of disk and $free MB are free; free some, or install uv (it shares packages that it has)"
    fi
  elif [ -n "$without_venv" ]; then
    echo "Python $without_venv cannot make virtual environments; install python$without_venv-venv (Debian, Ubuntu) or uv, then run make again"
  elif [ -n "$others" ]; then
    echo "Polyseme needs Python 3.11, 3.12 or 3.13 and found only$others; install one of them or uv, then run make again"
  else
    echo "no Python was found; install Python 3.13 or uv, then run make again"
  fi
}

# --- Steps -------------------------------------------------------------------------------------------------------------

# Run a command as a step: one line with its name and the seconds that it took. Its output goes to the log.
# On a terminal the line shows the package in work meanwhile.
step() {
  name=$1
  shift
  started=$(date +%s)
  [ -t 2 ] && printf '  %s ...' "$name" >&2
  { "$@" 2>&1; echo $? > "$venv.status"; } | watch "$name"
  status=$(cat "$venv.status")
  rm -f "$venv.status"
  took="$(($(date +%s) - started)) s"
  if [ "$status" != 0 ]; then
    line=$(grep -i -E '^ *(error|× )' "$log" | head -1)
    [ -t 2 ] && printf '\r\033[K' >&2
    say "  $name: failed after $took"
    fail "${line:-see the end of the log}; the whole log is $log, make tries again"
  fi
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  say "  $name: $took"
}

# Copy standard input to the log, and show what is being done on a terminal.
watch() {
  while IFS= read -r line; do
    printf '%s\n' "$line" >> "$log"
    if [ -t 2 ]; then
      case $line in
        Collecting* | *Downloading* | "Installing collected"* | *Building*)
          printf '\r\033[K  %s ... %.60s' "$1" "$line" >&2 ;;
      esac
    fi
  done
}

install_with_pip() { "$(venv_python)" -m pip install --no-input --progress-bar off --editable "$1"; }

install_with_uv() { uv pip install --python "$(venv_python)" --editable "$1"; }

# --- The work ----------------------------------------------------------------------------------------------------------

is_complete && exit 0

trap 'rm -f "$venv.status"; say ""; fail "interrupted; the same command begins again"' INT TERM HUP
choose_python
target=.${extra:+[$extra]}

# An environment of this folder was finished once: update it. Earlier versions of the Makefile left an empty mark.
is_of_here() {
  [ -f "$done_mark" ] && works "$(venv_python)" || return 1
  [ ! -s "$done_mark" ] || case $(cat "$done_mark") in *" $(pwd -P)") ;; *) false ;; esac
}

if is_of_here; then
  echo "being updated $(pwd -P)" > "$done_mark"
  : > "$log"
  say "Updating the environment in $venv (Python $(version_of "$(venv_python)")):"
  installer=pip
  "$(venv_python)" -m pip --version >/dev/null 2>&1 || installer=uv
else
  # First, because an unfinished environment takes space on the disk.
  if [ -e "$venv" ] || [ -L "$venv" ]; then
    say "Removing $venv, which is unfinished or of another Python."
    rm -rf "$venv"
  fi
  problem=$(obstacle)
  installer=pip
  said=$found
  if [ -n "$problem" ]; then
    # uv would choose another Python than the user did.
    if [ -n "${PYTHON:-}" ] || ! command -v uv >/dev/null 2>&1; then fail "$problem"; fi
    installer=uv
    said="of uv"
  fi
  mkdir -p "$venv"
  : > "$log"
  say "Making an environment in $venv (Python $said): some 140 packages, 3.5 GB, a few minutes."
  if [ "$installer" = uv ]; then
    # uv empties the folder, so the log of this step is outside it and joins it afterwards.
    log=$venv.log
    : > "$log"
    rm -rf "$venv"
    step "1/3 create the environment" uv venv --python ">=3.11,<3.14" "$venv"
    mv "$log" "$venv/install.log"
    log=$venv/install.log
  else
    step "1/3 create the environment" "$python" -m venv "$venv"
  fi
fi

step "2/3 install the packages" "install_with_$installer" "$target"
step "3/3 start Polyseme once" "$(venv_python)" -c 'import polyseme.ui.cli.main'
echo "extra=$extra $(state)" > "$done_mark"
