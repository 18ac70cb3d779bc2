"""Completion scripts for bash, zsh and fish, made from the commands: the shell itself completes, without starting Python.

Every script knows commands, options, the values that can be listed, file names, `latest` and `failed` for a run, and the fields
and words of filters. All that is written into a script is ours or passes `_PLAIN`, so that nothing in it can be run.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable
from typing import Final

from tracetui.cli._described import SCREEN, Described, DescribedCommand, all_described

_PLAIN: Final = re.compile(r"[\w.+@/-]+", re.ASCII)
"""What a value may be made of to be offered: names of themes and formats may come from others."""
_FILES: Final = frozenset({"PATH", "FILE", "DIR"})
_RUNS: Final = frozenset({"RUN"})
_RUN_WORDS: Final = ("latest", "failed")
_ZONES: Final = ("local", "UTC")
_HELP: Final = Described(("-h", "--help"), "", "Show the help and exit.", (), False)


def script(shell: str) -> str:
    """The script for a shell, which is a key of `SHELLS`."""
    return SHELLS[shell](list(all_described()))


def _kind(metavar: str, words: tuple[str, ...]) -> str:
    """How a value is completed: ``words``, ``files``, ``run``, ``filter`` or ``none``."""
    if words:
        return "words"
    name = metavar.strip("[].").rpartition(" ")[2]
    if name in _FILES:
        return "files"
    if name in _RUNS:
        return "run"
    return {"FILTER": "filter", "ZONE": "zone"}.get(name, "none")


def _values(metavar: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that are offered for a value."""
    fixed = {"run": _RUN_WORDS, "zone": _ZONES}
    return fixed.get(_kind(metavar, words), tuple(word for word in words if _PLAIN.fullmatch(word)))


def _options(command: DescribedCommand) -> list[Described]:
    version = [Described(("--version",), "", "Show the version and exit.", (), False)] if command.name == SCREEN else []
    return [*command.options, *version, _HELP]


def _places(command: DescribedCommand) -> list[tuple[str, tuple[str, ...]]]:
    """The metavar and the words of each argument; the last one goes on for all that follow."""
    return [(metavar, command.words if not number else ()) for number, metavar in enumerate(command.arguments)]


def _filter_fields() -> dict[str, tuple[str, ...]]:
    """What a term of a filter begins with (`kind:`, `dur>`), and the words that go on with it."""
    from tracetui.core.filter.fields import FIELDS, Values

    ordered = (Values.duration, Values.number, Values.cost)
    fields: dict[str, tuple[str, ...]] = {}
    for field in FIELDS.values():
        begin = "attr." if field.name == "attr" else f"{field.name}{'>' if field.values in ordered else ':'}"
        fields[begin] = field.words
    return fields


# ------------------------------------------------------------------------------------------------------------- bash

_BASH: Final = r"""# bash completion for tracetui, written by `tracetui completion bash`

_tracetui_offer() {  # WORDS: those that go on with $cur
    local IFS=$' \t\n'
    COMPREPLY+=($(compgen -W "$1" -- "$cur"))
}

_tracetui_files() {
    local name
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen -f -- "$cur")
}

_tracetui_filter() {
    local quote='' last head begin='' words word lead
    case $cur in [\'\"]*) quote=${cur:0:1} cur=${cur:1} ;; esac
    last=${cur##*[ \(]} head=${cur%"${cur##*[ \(]}"}
    case $last in
@FILTER@
    esac
    compopt -o nospace 2>/dev/null
    for word in $words; do
        [[ $begin$word == "$last"* ]] && COMPREPLY+=("$head$begin$word")
    done
    if [[ -z $quote ]]; then  # bash takes a word apart there, and replaces only what follows
        lead=${cur%"${cur##*[:=]}"}
        COMPREPLY=("${COMPREPLY[@]#"$lead"}")
    fi
}

_tracetui() {
    local words=() word cur prev command options valued kind='' n=-1 i place=0
    COMPREPLY=()
    for ((i = 0; i <= COMP_CWORD; i++)); do  # what bash took apart at : and = is one word
        word=${COMP_WORDS[i]}
        if ((n > 0)) && [[ $word == [:=]* || ${words[n]} == *[:=] ]]; then
            words[n]+=$word
        else
            n=$((n + 1)) words[n]=$word
        fi
    done
    cur=${words[n]} prev=${words[n-1]} command=screen
    if ((n > 1)); then
        case ${words[1]} in @COMMANDS@) command=${words[1]} ;; esac
    fi
    case $command in
@OPTIONS@
    esac
    if [[ $cur == --*=* && " $valued " == *" ${cur%%=*} "* ]]; then
        prev=${cur%%=*} cur=${cur#*=}
    fi
    if [[ " $valued " == *" $prev "* ]]; then
        case "$command $prev" in
@VALUES@
        esac
        return
    fi
    if [[ $cur == -* ]]; then
        _tracetui_offer "$options"
        return
    fi
    i=2
    [[ $command == screen ]] && i=1
    for ((; i < n; i++)); do
        if [[ " $valued " == *" ${words[i]} "* ]]; then
            i=$((i + 1))
        elif [[ ${words[i]} != -?* ]]; then
            place=$((place + 1))
        fi
    done
    case "$command $place" in
@PLACES@
    esac
}

complete -F _tracetui tracetui
"""


def _bash(commands: list[DescribedCommand]) -> str:
    names = [command.name for command in commands if command.name != SCREEN]
    fields = _filter_fields()
    filters = [f"{begin}*) begin={begin} words={_quoted(words)} ;;" for begin, words in fields.items() if words]
    filters.append(f"*) words={_quoted([*fields, 'not', 'and', 'or'])} ;;")
    options, values, places = [], [], []
    for command in commands:
        shown = [name for option in _options(command) for name in option.names]
        valued = [option for option in command.options if option.metavar]
        options.append(
            f"{command.name}) options={_quoted(shown)} valued={_quoted(n for o in valued for n in o.names)} ;;"
        )
        for option in valued:
            pattern = "|".join(f"'{command.name} {name}'" for name in option.names)
            if _kind(option.metavar, option.words) != "none":
                values.append(f"{pattern}) {_bash_action(option.metavar, option.words)} ;;")
        of_this = _places(command)
        for number, (metavar, words) in enumerate(of_this):
            pattern = f"'{command.name} {number}'"
            if number == len(of_this) - 1 and metavar.endswith("..."):
                pattern = f"'{command.name} '*"
            action = _bash_action(metavar, words)
            if command.name == SCREEN:
                action = f"((n > 1)) || _tracetui_offer {_quoted(names)}; {action}"
            places.append(f"{pattern}) {action} ;;")
    text = _BASH
    for word, lines, indent in (
        ("FILTER", filters, 8),
        ("OPTIONS", options, 8),
        ("VALUES", values, 12),
        ("PLACES", places, 8),
    ):
        text = text.replace(f"@{word}@", "\n".join(" " * indent + line for line in lines))
    return text.replace("@COMMANDS@", "|".join(names))


def _bash_action(metavar: str, words: tuple[str, ...]) -> str:
    kind = _kind(metavar, words)
    offer = f"_tracetui_offer {_quoted(_values(metavar, words))}"
    return {
        "files": "_tracetui_files",
        "filter": "_tracetui_filter",
        "none": ":",
        "run": f"{offer}; _tracetui_files",
    }.get(kind, offer)


def _quoted(words: Iterable[str]) -> str:
    return f"'{' '.join(words)}'"


# -------------------------------------------------------------------------------------------------------------- zsh

_ZSH: Final = r"""#compdef tracetui
# zsh completion for tracetui, written by `tracetui completion zsh`

_tracetui_filter() {
    compset -P '*[ (]'
@FILTER@
    compadd -S '' -- @FIELDS@
    compadd -- not and or
}

_tracetui_run() {
    compadd -- @RUNS@
    _files
}

_tracetui() {
    local command=screen
    local -a commands
    commands=(
@COMMANDS@
    )
    if (( CURRENT > 2 )) && [[ -n ${commands[(r)${words[2]}:*]} ]]; then
        command=$words[2]
        shift words
        (( CURRENT-- ))
    elif (( CURRENT == 2 )); then
        _describe -t commands command commands
    fi
    case $command in
@ARGUMENTS@
    esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _tracetui "$@"
else
    compdef _tracetui tracetui
fi
"""


def _zsh(commands: list[DescribedCommand]) -> str:
    fields = _filter_fields()
    filters = [
        f"    if compset -P {begin}; then compadd -- {' '.join(words)}; return; fi"
        for begin, words in fields.items()
        if words
    ]
    described = [f"        {_zsh_quoted(command.name, command.does)}" for command in commands if command.name != SCREEN]
    arguments = []
    for command in commands:
        lines = [spec for option in _options(command) for spec in _zsh_option(option)]
        of_this = _places(command)
        for number, (metavar, words) in enumerate(of_this):
            is_last = number == len(of_this) - 1 and metavar.endswith("...")
            name = metavar.strip("[].")
            lines.append(shlex.quote(f"{'*' if is_last else number + 1}:{name}:{_zsh_action(metavar, words)}"))
        specs = "".join(f" \\\n                {line}" for line in lines)
        arguments.append(f"        {command.name})\n            _arguments -s -S{specs} ;;")
    text = _ZSH
    for word, value in (
        ("FILTER", "\n".join(filters)),
        ("FIELDS", " ".join(shlex.quote(field) for field in fields)),
        ("RUNS", " ".join(_RUN_WORDS)),
        ("COMMANDS", "\n".join(described)),
        ("ARGUMENTS", "\n".join(arguments)),
    ):
        text = text.replace(f"@{word}@", value)
    return text


def _zsh_quoted(name: str, about: str) -> str:
    return shlex.quote(f"{name}:" + about.replace("\\", "\\\\").replace(":", "\\:"))


def _zsh_option(option: Described) -> Iterable[str]:
    about = re.sub(r"([\\\[\]:])", r"\\\1", option.help)
    value = f":{option.metavar}:{_zsh_action(option.metavar, option.words)}" if option.metavar else ""
    others = "" if option.repeats else f"({' '.join(option.names)})"
    for name in option.names:
        equals = "=" if value and name.startswith("--") else ""
        yield shlex.quote(f"{'*' if option.repeats else others}{name}{equals}[{about}]{value}")


def _zsh_action(metavar: str, words: tuple[str, ...]) -> str:
    kind = _kind(metavar, words)
    offer = f"({' '.join(_values(metavar, words))})"
    return {"files": "_files", "filter": "_tracetui_filter", "none": " ", "run": "_tracetui_run"}.get(kind, offer)


# ------------------------------------------------------------------------------------------------------------- fish

_FISH: Final = r"""# fish completion for tracetui, written by `tracetui completion fish`

function __tracetui_is  # COMMAND: whether it is the one that is typed; screen: whether it is none
    set -l words (commandline -opc)
    set -l command screen
    if test (count $words) -gt 1; and contains -- $words[2] @COMMANDS@
        set command $words[2]
    end
    test $command = $argv[1]
end

function __tracetui_first
    test (count (commandline -opc)) -eq 1
end

function __tracetui_filter
    set -l typed (commandline -ct | string replace -r '^[\'"]' '')
    set -l head (string match -r '^.*[ (]' -- $typed)
    set -l last (string replace -r '^.*[ (]' '' -- $typed)
    switch $last
@FILTER@
        case '*'
            printf '%s\n' $head{@FIELDS@}
    end
end

@COMPLETE@
"""


def _fish(commands: list[DescribedCommand]) -> str:
    fields = _filter_fields()
    names = [command.name for command in commands if command.name != SCREEN]
    filters = [
        f"        case '{begin}*'\n            printf '%s\\n' \"$head\"{begin}{{{','.join(words)}}}"
        for begin, words in fields.items()
        if words
    ]
    lines = [
        f"complete -c tracetui -n __tracetui_first -a {command.name} -d {_fish_quoted(command.does)}"
        for command in commands
        if command.name != SCREEN
    ]
    for command in commands:
        begin = f"complete -c tracetui -n '__tracetui_is {command.name}'"
        for option in _options(command):
            flags = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            action = _fish_action(option.metavar, option.words) if option.metavar else ""
            lines.append(f"{begin} {flags}{action} -d {_fish_quoted(option.help)}")
        for metavar, words in _places(command):
            if values := _values(metavar, words):
                lines.append(f"{begin} -a {_quoted(values)}")
    text = _FISH.replace("@FILTER@", "\n".join(filters)).replace("@COMPLETE@", "\n".join(lines))
    text = text.replace(
        "$head{@FIELDS@}", '"$head"{' + ",".join(f"'{word}'" for word in (*fields, "not", "and", "or")) + "}"
    )
    return text.replace("@COMMANDS@", " ".join(names))


def _fish_action(metavar: str, words: tuple[str, ...]) -> str:
    kind = _kind(metavar, words)
    offer = f" -x -a {_quoted(_values(metavar, words))}"
    return {
        "files": " -r",
        "filter": " -x -a '(__tracetui_filter)'",
        "none": " -x",
        "run": offer.replace("-x", "-r"),
    }.get(kind, offer)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS: Final[dict[str, Callable[[list[DescribedCommand]], str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""The shells by name, with what writes their script."""
