function __ragcli_complete
    set -l word (commandline -ct)
    set -l typed ''
    string match -q -- '-*' "$word"; and set typed $word
    set -l found (_RAGCLI_COMPLETE=fish ragcli (commandline -opc)[2..-1] "$typed" \
        2>/dev/null | string split0)
    if set -q found[1]
        string join0 -- $found
    else
        __fish_complete_path "$word" | string join0
    end
end

complete --command ragcli --no-files --arguments '(__ragcli_complete | string split0)'
