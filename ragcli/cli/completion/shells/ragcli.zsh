#compdef ragcli

_ragcli_completion() {
    local -a fields values shown
    local typed= name about
    [[ $PREFIX == -* ]] && typed=$PREFIX
    [[ $PREFIX == --*=* ]] && compset -P '*='
    fields=("${(@0)$(_RAGCLI_COMPLETE=zsh ragcli \
        "${(@Q)words[2,CURRENT-1]}" "$typed" 2>/dev/null)}")
    for name about in "${(@)fields[1,-2]}"; do
        values+=("$name")
        shown+=("$about")
    done
    if (( $#values )); then
        compadd -l -d shown -a values
    else
        _files
    fi
}

if [[ $funcstack[1] == _ragcli ]]; then
    _ragcli_completion "$@"
else
    compdef _ragcli_completion ragcli
fi
